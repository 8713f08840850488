-- Archives the missing users who are not held. After that, the feed names neither them nor the missing users whose
-- access does not change.
update rosterd.users as u
set
  feeds = u.feeds - @feed,
  active = u.active and m.effect <> 'archive',
  archived_at = case when m.effect = 'archive' then now() else u.archived_at end,
  updated_at = case when m.effect = 'archive' then now() else u.updated_at end
from missing as m
where m.unique_id = u.unique_id and not m.held
