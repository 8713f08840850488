-- Records for undo what changes for the missing users. $1: the import's id.
insert into rosterd.import_changes (import_id, unique_id, lost_active, changes)
select
  $1, m.unique_id, m.loses,
  jsonb_strip_nulls(jsonb_build_object(
    'active', case when m.was_active and m.effect in ('archive', 'merge') then jsonb_build_array(true, false) end,
    'archived_at', case when m.effect in ('archive', 'merge') then jsonb_build_array(null, now()) end,
    'feeds', case when m.said is not null then jsonb_build_array(m.said, null) end,
    'merged_into', case when m.merged_into is not null then jsonb_build_array(null, m.merged_into) end
  ))
from missing as m
where not m.held
