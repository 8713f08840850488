-- Releases the permits of all users in the table `archived`. Does not call the function for an empty table. $1: the import.
select coalesce(sum(rosterd.release_permits(user_ids, $1)), 0)::bigint as permits_released
from (select array_agg(unique_id::text order by unique_id) as user_ids from archived having count(*) > 0) as all_archived
