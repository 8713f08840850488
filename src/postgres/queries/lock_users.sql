-- Locks the users that the plan touches, and tells whether all of them are as the plan saw them:
-- else another program changed or removed one meanwhile, and the plan is made anew.
with touched as (
  select unique_id, version from plan where version is not null
  union all
  select unique_id, version from missing where not held
),
locked as (
  select u.xmin = touched.version as same
  from touched
  join rosterd.users as u on u.unique_id = touched.unique_id
  for no key update of u nowait
)
select count(*) filter (where same) = (select count(*) from touched) as complete from locked
