-- Returns permits to the users whom the import merged into others, unless those users remain archived or no longer
-- exist. $1: the import's id.
delete from rosterd.moved_permits as m
using undo_states as s left join rosterd.users as u on u.unique_id = s.unique_id
where m.import_id = $1 and m.old_id = s.unique_id and s.stays is not null and (u.unique_id is null or u.archived_at is not null);
select coalesce(sum(rosterd.move_permits(changes -> 'merged_into' ->> 1, unique_id, $1)), 0)::bigint as permits
from (
  select c.unique_id, c.changes
  from rosterd.import_changes as c
  join rosterd.users as u on u.unique_id = c.unique_id
  join undo_states as s on s.unique_id = c.unique_id
  where c.import_id = $1 and c.changes ? 'merged_into' and c.permits_moved > 0 and (s.stays is null or u.archived_at is null)
  offset 0
) as merged
