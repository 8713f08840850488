-- What becomes of the records; what is left is unchanged.
select
  count(*) filter (where transition in ('create', 'create_archived')) as created,
  count(*) filter (where transition = 'archive') as archived,
  count(*) filter (where transition = 'reactivate') as reactivated,
  count(*) filter (where transition is null or transition in ('disable', 'enable')) as updated,
  (select count(*) from repeats where same) as skipped,
  (select count(*) from staged where problems is not null and line not in (select line from repeats))
    + (select count(*) from repeats where not same)
    + (select count(distinct line) from taken) as failed
from plan
