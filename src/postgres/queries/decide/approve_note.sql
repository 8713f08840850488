-- Adds the changes that an approval makes to those of the import. $1: the import's id.
insert into rosterd.import_changes as existing (import_id, unique_id, lost_active, changes)
select
  $1, d.unique_id, u.active,
  jsonb_strip_nulls(jsonb_build_object(
    'active', case when u.active then jsonb_build_array(true, false) end,
    'archived_at', case when d.effect = 'archive' then jsonb_build_array(null, now()) end,
    'inactive_since', case
      when d.waits then jsonb_build_array(null, now())
      when u.inactive_since is not null and not u.active then jsonb_build_array(u.inactive_since, null)
    end,
    'feeds', case when d.unnamed_by is not null
      then jsonb_build_array(u.feeds -> d.unnamed_by, case when d.waits then false end) end
  ))
from deciding as d
join rosterd.users as u on u.unique_id = d.unique_id
where d.left_out is null
on conflict (import_id, unique_id) do update
set changes = existing.changes || excluded.changes, lost_active = excluded.lost_active, changed_at = now()
