-- Locks the planned users. `complete` is false if another program has changed or removed one of them since the plan was
-- made.
with touched as (
  select unique_id, version from plan where version is not null
  union all
  select unique_id, version from missing where not held
  union all
  select giver_id, giver_version from claims where giver_id is not null
),
locked as (
  select u.xmin = touched.version as same
  from touched
  join rosterd.users as u on u.unique_id = touched.unique_id
  for no key update of u nowait
)
select count(*) filter (where same) = (select count(*) from touched) as complete from locked
