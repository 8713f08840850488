-- Updates users whose values differ from those in their records. Values that the record does not contain stay the same.
update rosterd.users as u
set
  [[unique_id = coalesce(p.new_id, u.unique_id),]]
  {{, |@name = case when @staged is null then u.@name else @new end}},
  feeds = case when p.says is null then u.feeds else u.feeds || jsonb_build_object(@feed, p.says) end,
  active = case when p.transition in ('archive', 'disable') then false when p.transition is not null then true else u.active end,
  archived_at = case when p.transition = 'archive' then now() when p.transition = 'reactivate' then null else u.archived_at end,
  inactive_since = case when p.waits then now() when p.transition is not null or p.says then null else u.inactive_since end,
  updated_at = now()
from plan as p
join staged as s on s.line = p.line
where u.unique_id = p.unique_id and p.changes is not null
