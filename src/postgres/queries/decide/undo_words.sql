-- Restores what the feed previously said about each user.
update rosterd.users as u
set feeds = case when w.before is null then u.feeds - w.feed else u.feeds || jsonb_build_object(w.feed, w.before) end
from undo_words as w
where w.unique_id = u.unique_id and w.stays is null
