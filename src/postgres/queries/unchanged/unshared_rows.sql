-- Selects only rows of users whom this feed does not name. $3: the feed.
select rows.unique_id, rows.version, rows.sign
from ({{rows}}) as rows
where not exists (select from rosterd.users as u where u.unique_id = rows.current_id and u.feeds ? $3)
