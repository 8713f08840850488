-- Locks the permits that the plan releases or moves to another id.
with [[moving as (
  select unique_id as id from plan where new_id is not null
  union all
  select new_id from plan where new_id is not null
  union all
  select unique_id from missing where effect = 'merge'
),
]]locked as (
  select from rosterd.permits
  where unique_id in (select unique_id from archived) and status = 'active' [[or unique_id in (select id from moving)]]
  for no key update nowait
)
select count(*) = (
  select count(*) from rosterd.permits
  where unique_id in (select unique_id from archived) and status = 'active' [[or unique_id in (select id from moving)]]
) as complete
from locked
