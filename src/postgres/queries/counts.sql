-- Counts the effects of the plan on records and missing users. All other records are unchanged.
select
  count(*) filter (where transition in ('create', 'create_archived')) as created,
  count(*) filter (where transition = 'archive') as archived,
  count(*) filter (where transition = 'reactivate') as reactivated,
  count(*) filter (where held is not null) as held,
  count(*) filter (where coalesce(transition, held) is null and changes is not null or transition in ('disable', 'enable'))
    as updated,
  (select count(*) from repeats where same) as skipped,
  (select count(*) from staged where problems is not null and line not in (select line from repeats))
    + (select count(*) from repeats where not same)
    + (select count(distinct line) from taken) as failed,
  (select count(*) from missing where not held and effect in ('archive', 'disable')) as missing_archived,
  (select count(*) from missing where held) as missing_held,
  [[count(new_id) as renamed,
  (select count(*) from missing where effect = 'merge') as merged,]]
  count(*) filter (where changes is not null) as differing,
  count(*) filter (where changes is null and version is not null and (transition is not null or says is not null)) as moving,
  (select count(*) from missing where not held) as unnamed
from plan
