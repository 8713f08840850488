-- Creates new users. Inactive ones are archived or disabled from the start. $1: the import's id.
insert into rosterd.users (unique_id, {{, |@name}}, active, archived_at, created_by_import, feeds)
select
  s.unique_id, {{, |@new}}, s.active is distinct from '0', case when p.transition = 'create_archived' then now() end, $1,
  jsonb_build_object(@feed, s.active is distinct from '0')
from plan as p
join staged as s on s.line = p.line
left join rosterd.users as u on u.unique_id = s.unique_id
where p.transition in ('create', 'create_archived')
