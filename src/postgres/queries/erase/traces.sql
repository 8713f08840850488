-- Deletes what imports recorded about the users, and counts with each import the users whom it can no longer undo.
with changes as (
  delete from rosterd.import_changes as c using erasing as e where e.unique_id = c.unique_id returning c.import_id, c.unique_id
),
failures as (delete from rosterd.import_failures as f using erasing as e where e.unique_id = f.unique_id),
held as (delete from rosterd.import_held as h using erasing as e where e.unique_id = h.unique_id),
trials as (delete from rosterd.trial_changes as t using erasing as e where e.unique_id = t.unique_id),
concerned as (
  select import_id, count(*) as users
  from (
    select import_id, unique_id from changes
    union
    select created_by_import, unique_id from erasing where created_by_import is not null
  ) as one
  group by import_id
)
update rosterd.imports as i set erased = i.erased + c.users
from concerned as c
where c.import_id = i.id
