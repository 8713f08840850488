-- Archives the missing users who are not held, and the merged ones. After that, the feed names neither them nor the missing users whose
-- access does not change.
update rosterd.users as u
set
  feeds = u.feeds - @feed,
  active = u.active and m.effect not in ('archive', 'merge'),
  archived_at = case when m.effect in ('archive', 'merge') then now() else u.archived_at end,
  updated_at = case when m.effect in ('archive', 'merge') then now() else u.updated_at end
from missing as m
where m.unique_id = u.unique_id and not m.held
