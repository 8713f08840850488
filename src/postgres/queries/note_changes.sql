-- The audit (contract, section 3, "Undo"): what is about to change of each user, column by column, before and after. $1: the
-- import.
insert into rosterd.import_changes (import_id, unique_id, lost_active, changes)
select
  $1, p.unique_id, p.loses and p.transition is not null,
  jsonb_strip_nulls(jsonb_build_object(
    {{, |'@name', case when s.@name <> @old then jsonb_build_array(@text, nullif(s.@name, '')) end}},
    'active', case when p.transition is not null and u.active <> (p.transition not in ('archive', 'disable'))
      then jsonb_build_array(u.active, not u.active) end,
    'archived_at', case p.transition when 'archive' then jsonb_build_array(u.archived_at, now())
      when 'reactivate' then jsonb_build_array(u.archived_at, null) end
  ))
from plan as p
join staged as s on s.line = p.line
join rosterd.users as u on u.unique_id = p.unique_id
where p.differs or p.transition is not null
