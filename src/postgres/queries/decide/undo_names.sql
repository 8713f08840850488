-- Notes that the feed no longer names the users whom the import created. $1: the import's id.
update rosterd.users as u set feeds = u.feeds - i.feed
from rosterd.imports as i
where i.id = $1 and u.created_by_import = i.id and u.feeds ? i.feed
