-- Archives or disables the held users.
update rosterd.users as u
set
  feeds = case when d.unnamed_by is null then u.feeds
    when d.waits then u.feeds || jsonb_build_object(d.unnamed_by, false) else u.feeds - d.unnamed_by end,
  active = false,
  archived_at = case when d.effect = 'archive' then now() else u.archived_at end,
  inactive_since = case when d.waits then now() end,
  updated_at = now()
from deciding as d
where d.unique_id = u.unique_id and d.left_out is null
