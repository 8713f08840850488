-- The rows that the plan replaced, and those that it wrote: all in one subtransaction, so that one of them tells the
-- xmin of all.
select unique_id, case sign when 1 then written.version else plan.version end as version, sign
from plan
cross join (values (1), (-1)) as signs (sign)
cross join (
  select xmin as version from rosterd.users
  where unique_id = (select unique_id from plan where changes is not null or transition is not null limit 1)
) as written
where (changes is not null or transition is not null) and (sign = 1 or plan.version is not null)
