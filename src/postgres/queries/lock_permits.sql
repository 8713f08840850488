-- Locks the permits to release.
with locked as (
  select from rosterd.permits
  where unique_id in (select unique_id from archived) and status = 'active'
  for no key update nowait
)
select count(*) = (
  select count(*) from rosterd.permits where unique_id in (select unique_id from archived) and status = 'active'
) as complete
from locked
