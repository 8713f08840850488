-- Stores the values that archived users give up, so that an undo can restore them. $1: the import's id.
insert into rosterd.import_changes as existing (import_id, unique_id, lost_active, changes)
select
  $1, coalesce(p.new_id, c.giver_id), false,
  jsonb_object_agg(c.what, jsonb_build_array(case c.what when 'email' then u.email else u.user_name end, null))
from claims as c
join rosterd.users as u on u.unique_id = c.giver_id
left join plan as p on p.unique_id = c.giver_id
where c.giver_id is not null
group by coalesce(p.new_id, c.giver_id)
on conflict (import_id, unique_id) do update set changes = existing.changes || excluded.changes
