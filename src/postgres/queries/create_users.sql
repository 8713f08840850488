-- Users that were not known. $1: archive_inactive_users: an inactive one is archived at once, else disabled.
insert into rosterd.users (unique_id, {{, |@name}}, active, archived_at)
select s.unique_id, {{, |@new}}, s.active is distinct from '0', case when s.active = '0' and $1 then now() end
from newcomers as n
join staged as s on s.line = n.line
