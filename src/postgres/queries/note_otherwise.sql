-- Marks users on hold from an earlier import whom an applied record keeps active or names again, or whom another feed
-- calls active. An approval will leave these users out. $1: the import's id; $2: archive_inactive_users.
update rosterd.import_held as h
set otherwise_by = h.otherwise_by || $1::bigint
from rosterd.imports as i, staged as s
where i.id = h.import_id and i.hold_state = 'open' and i.id <> $1 and cardinality(h.otherwise_by) < 100
  and @user = h.unique_id
  and s.problems is null and s.line not in (select line from repeats) and s.line not in (select line from taken)
  and case when i.feed = @feed then s.active = '1' or (h.line is null and (s.active is null or not $2))
    else s.active is distinct from '0' end
