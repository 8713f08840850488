-- Deletes what imports have stored about the users. For each import, counts the users whose changes can no longer be
-- undone.
with changes as (
  delete from rosterd.import_changes as c using erased_ids as e
  where e.unique_id = c.unique_id and c.import_id between e.first_import and e.last_import
  returning c.import_id, c.unique_id
),
failures as (
  delete from rosterd.import_failures as f using erased_ids as e
  where e.unique_id = f.unique_id and f.import_id between e.first_import and e.last_import
),
held as (
  delete from rosterd.import_held as h using erased_ids as e
  where e.unique_id = h.unique_id and h.import_id between e.first_import and e.last_import
),
moved as (
  delete from rosterd.moved_permits as m using erased_ids as e
  where e.unique_id in (m.old_id, m.new_id) and m.import_id between e.first_import and e.last_import
),
-- A trial lists a renamed user under the new id.
trials as (
  delete from rosterd.trial_changes as t using erased_ids as e
  where e.unique_id = t.unique_id and t.import_id between e.first_import and e.last_import
),
renaming as (
  delete from rosterd.trial_changes as t using erased_ids as e
  where e.unique_id = t.columns -> 'unique_id' ->> 0 and t.import_id between e.first_import and e.last_import
),
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
