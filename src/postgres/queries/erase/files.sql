-- Lists the files in bak that may still name the user: files imported since the user was created, and earlier files
-- that left a trace. $1: bak_retention_days; $2: the limit.
with traced as (
  select import_id from erased_ids as e join rosterd.import_failures as t using (unique_id) where import_id between first_import and last_import
  union
  select import_id from erased_ids as e join rosterd.import_changes as t using (unique_id) where import_id between first_import and last_import
  union
  select import_id from erased_ids as e join rosterd.import_held as t using (unique_id) where import_id between first_import and last_import
  union
  select import_id from erased_ids as e join rosterd.trial_changes as t using (unique_id) where import_id between first_import and last_import
)
select
  i.id as import, i.feed, kept.file,
  case when $1 > 0 then greatest(i.finished_at, i.hold_ended_at) + make_interval(days => $1) end as kept_until,
  count(*) over () as total
from rosterd.imports as i
cross join lateral unnest(array[i.bak_file, i.failed_file]) as kept (file)
where kept.file is not null and i.cleared_at is null
  and (i.finished_at >= (select created_at from erasing) or i.id in (select import_id from traced))
order by i.id desc, kept.file
limit $2
