-- Releases the permits of the users in {{archived}}. The function is not called if there are no such users. $1: the
-- import's id.
select coalesce(sum(rosterd.release_permits(user_ids, $1)), 0)::bigint as permits_released
from (select array_agg(unique_id::text order by unique_id) as user_ids from {{archived}} having count(*) > 0) as all_archived
