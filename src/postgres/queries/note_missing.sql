-- Records for undo what changes for the missing users. $1: the import's id.
insert into rosterd.import_changes (import_id, unique_id, lost_active, changes)
select
  $1, m.unique_id, m.loses,
  jsonb_strip_nulls(jsonb_build_object(
    'active', case when u.active then jsonb_build_array(true, false) end,
    'archived_at', jsonb_build_array(null, now())
  ))
from missing as m
join rosterd.users as u on u.unique_id = m.unique_id
where not m.held
