-- Archives or disables the missing users who are not held. Also archives merged users and users whose grace period is
-- over. In `feeds`, marks waiting users as inactive and removes this feed from the other missing users.
update rosterd.users as u
set
  feeds = case when m.is_named then u.feeds || jsonb_build_object(@feed, false) else u.feeds - @feed end,
  active = u.active and m.effect not in ('archive', 'disable', 'merge'),
  archived_at = case when m.effect in ('archive', 'merge') then now() else u.archived_at end,
  inactive_since = case
    when m.effect in ('archive', 'merge') then null
    when m.effect = 'disable' then coalesce(m.inactive_since, now())
    else u.inactive_since
  end,
  updated_at = case when m.effect in ('archive', 'disable', 'merge') then now() else u.updated_at end
from missing as m
where m.unique_id = u.unique_id and not m.held
