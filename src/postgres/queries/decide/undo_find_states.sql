-- Lists the users whose access the import changed, one row each. `active`, `archived_at` and `inactive_since` are
-- restored together. If a change lacks `archived_at`, the import left the user unarchived; if it lacks `active`, the
-- import left the user inactive. $1: the import's id.
create temp table undo_states on commit drop as
select
  c.unique_id,
  coalesce((c.changes -> 'active' ->> 0)::boolean, u.active) as active,
  case when c.changes ? 'archived_at' then (c.changes -> 'archived_at' ->> 0)::timestamptz else u.archived_at end as archived_at,
  case
    when coalesce((c.changes -> 'active' ->> 0)::boolean, u.active) then null
    when c.changes ? 'inactive_since' then (c.changes -> 'inactive_since' ->> 0)::timestamptz
    else u.inactive_since
  end as inactive_since,
  case
    when u.unique_id is null then 'the user no longer exists'
    when u.active <> coalesce((c.changes -> 'active' ->> 1)::boolean, false)
      or u.archived_at is distinct from (c.changes -> 'archived_at' ->> 1)::timestamptz
      or (c.changes ? 'inactive_since' and u.inactive_since is distinct from (c.changes -> 'inactive_since' ->> 1)::timestamptz)
      then 'active has changed since'
  end as stays
from rosterd.import_changes as c
left join rosterd.users as u on u.unique_id = c.unique_id
where c.import_id = $1 and c.changes ?| '{active, archived_at, inactive_since}'
