-- Deletes the records that imports kept about the users. For each import, counts the users whose changes an undo can no
-- longer restore.
with changes as (
  delete from rosterd.import_changes as c using erasing as e where e.unique_id = c.unique_id returning c.import_id, c.unique_id
),
failures as (delete from rosterd.import_failures as f using erasing as e where e.unique_id = f.unique_id),
held as (delete from rosterd.import_held as h using erasing as e where e.unique_id = h.unique_id),
moved as (delete from rosterd.moved_permits as m using erasing as e where e.unique_id in (m.old_id, m.new_id)),
-- The user into whom the erased user was merged.
absorbed as (
  update rosterd.import_changes as c set changes = c.changes - 'old_unique_id'
  from rosterd.import_changes as own join erasing as e on e.unique_id = own.unique_id
  where c.import_id = own.import_id and c.unique_id = own.changes -> 'merged_into' ->> 1
),
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
