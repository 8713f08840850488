-- The permits of everybody in the table `archived`, of an import, an approval or an undo; nothing is asked of the function when
-- nobody is in it. $1: the import.
select coalesce(sum(rosterd.release_permits(user_ids, $1)), 0)::bigint as permits_released
from (select array_agg(unique_id::text order by unique_id) as user_ids from archived having count(*) > 0) as everybody
