-- Archives the missing users who are not held.
update rosterd.users as u
set active = false, archived_at = now(), updated_at = now()
from missing as m
where m.unique_id = u.unique_id and not m.held
