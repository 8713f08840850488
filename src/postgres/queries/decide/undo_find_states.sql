-- Whose access goes back. `active` and `archived_at` are one state: where a change says nothing of `archived_at`, the import left
-- a user who is not archived; where it says nothing of `active`, one who is not active. $1: the import.
create temp table undo_states on commit drop as
select
  c.unique_id,
  coalesce((c.changes -> 'active' ->> 0)::boolean, u.active) as active,
  case when c.changes ? 'archived_at' then (c.changes -> 'archived_at' ->> 0)::timestamptz else u.archived_at end as archived_at,
  case
    when u.unique_id is null then 'the user no longer exists'
    when u.active <> coalesce((c.changes -> 'active' ->> 1)::boolean, false)
      or u.archived_at is distinct from (c.changes -> 'archived_at' ->> 1)::timestamptz
      then 'active was changed since'
  end as stays
from rosterd.import_changes as c
left join rosterd.users as u on u.unique_id = c.unique_id
where c.import_id = $1 and c.changes ?| '{active, archived_at}'
