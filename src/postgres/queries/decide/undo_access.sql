-- Restores users' access.
update rosterd.users as u
set active = s.active, archived_at = s.archived_at, inactive_since = s.inactive_since, updated_at = now()
from undo_states as s
where s.unique_id = u.unique_id and s.stays is null
