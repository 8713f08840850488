-- Stores the changes to missing users and to users whose grace period is over, so that an undo can restore the earlier
-- state. $1: the import's id.
insert into rosterd.import_changes as existing (import_id, unique_id, lost_active, changes)
select
  $1, m.unique_id, m.loses,
  jsonb_strip_nulls(jsonb_build_object(
    'active', case when m.was_active and m.effect in ('archive', 'disable', 'merge') then jsonb_build_array(true, false) end,
    'archived_at', case when m.effect in ('archive', 'merge') then jsonb_build_array(null, now()) end,
    'inactive_since', case
      when m.effect = 'disable' and m.inactive_since is null then jsonb_build_array(null, now())
      when m.effect in ('archive', 'merge') and m.inactive_since is not null then jsonb_build_array(m.inactive_since, null)
    end,
    'feeds', case
      when m.is_named then case when m.said then jsonb_build_array(true, false) end
      when m.said is not null then jsonb_build_array(m.said, null)
    end,
    'merged_into', case when m.merged_into is not null then jsonb_build_array(null, m.merged_into) end
  ))
from missing as m
where not m.held
on conflict (import_id, unique_id) do update set changes = existing.changes || excluded.changes
