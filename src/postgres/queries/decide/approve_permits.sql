-- The permits of everybody who is archived; nothing is asked of the function when nobody is. $1: the import.
select coalesce(sum(rosterd.release_permits(user_ids, $1)), 0)::bigint as permits_released
from (
  select array_agg(unique_id::text order by unique_id) as user_ids
  from deciding where left_out is null and effect = 'archive'
  having count(*) > 0
) as everybody
