-- The permits of users whom the import created; nothing is asked of the function when it created nobody. $1: the import.
select coalesce(sum(rosterd.release_permits(user_ids, $1)), 0)::bigint as permits_released
from (
  select array_agg(unique_id::text order by unique_id) as user_ids
  from rosterd.users where created_by_import = $1
  having count(*) > 0
) as everybody
