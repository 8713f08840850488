-- Updates users whose values stay the same, but whose access changes or about whom the feed now says something else.
update rosterd.users as u
set
  feeds = case when p.says is null then u.feeds else u.feeds || jsonb_build_object(@feed, p.says) end,
  active = case when p.transition is null then u.active else p.transition not in ('archive', 'disable') end,
  archived_at = case when p.transition = 'archive' then now() when p.transition = 'reactivate' then null else u.archived_at end,
  inactive_since = case when p.waits then now() when p.transition is not null or p.says then null else u.inactive_since end,
  updated_at = case when p.transition is null then u.updated_at else now() end
from plan as p
where u.unique_id = p.unique_id and p.changes is null and p.version is not null
  and (p.transition is not null or p.says is not null)
