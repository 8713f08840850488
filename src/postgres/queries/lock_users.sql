-- Locks the users that the plan touches, in one order for all, and tells whether one of them is no longer as the plan saw it:
-- then another program changed or removed it meanwhile, and the plan is made anew.
with touched as (
  select unique_id, version from plan where version is not null
  union all
  select unique_id, version from missing where not held
),
locked as (
  select u.unique_id, u.xmin as version
  from rosterd.users as u
  where u.unique_id in (select unique_id from touched)
  order by u.unique_id
  for update
)
select count(*) > 0 as stale
from touched left join locked using (unique_id)
where locked.version is distinct from touched.version
