-- The rows that the plan replaced, and those that it wrote.
with written as (
  select unique_id, version from plan where changes is not null or transition is not null or says is not null
  union all
  select unique_id, version from missing where not held
)
select unique_id, version, -1 as sign from written where version is not null
union all
select u.unique_id, u.xmin, 1 from written as w join rosterd.users as u on u.unique_id = w.unique_id
