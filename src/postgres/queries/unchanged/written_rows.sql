-- Selects the rows that the import replaced and those that it wrote. The import wrote all rows in one subtransaction,
-- so they have the same xmin. current_id is the user's new id, which differs from the old one if the user was renamed.
with replaced as (
  select unique_id, coalesce(new_id, unique_id) as current_id, version
  from plan where changes is not null or transition is not null or says is not null
  union all
  select unique_id, unique_id, version from missing
  -- A user whose grace period is over may also have a record.
  where not held and unique_id not in (
    select unique_id from plan where changes is not null or transition is not null or says is not null
  )
  union all
  select distinct giver_id, giver_id, giver_version from claims
  where giver_id is not null
    and giver_id not in (select unique_id from plan where changes is not null or transition is not null or says is not null)
    and giver_id not in (select unique_id from missing where not held)
)
select
  case sign when 1 then current_id else replaced.unique_id end as unique_id,
  case sign when 1 then written.version else replaced.version end as version, sign, current_id
from replaced
cross join (values (1), (-1)) as signs (sign)
cross join (
  select xmin as version from rosterd.users where unique_id = (select current_id from replaced limit 1)
) as written
where sign = 1 or replaced.version is not null
