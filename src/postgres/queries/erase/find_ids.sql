-- Lists every unique_id of the users to erase, with the imports in which the id belonged to them. Renamed users have
-- left traces under their other ids (docs/people.md#new-ids), which may by now belong to other users.
create temp table erased_ids on commit drop as
with renames as (
  select i.id, i.undone_at, c.changes -> 'unique_id' as ids
  from rosterd.imports as i
  cross join erasing as e
  -- With this clause, PostgreSQL looks up each user by key.
  cross join lateral (
    select changes from rosterd.import_changes where import_id = i.id and unique_id = e.unique_id offset 0
  ) as c
  where i.renamed > 0 and c.changes ? 'unique_id'
)
select unique_id, 0::bigint as first_import, 9223372036854775807 as last_import from erasing
union
select ids ->> 0, 0, id from renames
union
-- An undo gave these users their old ids back.
select ids ->> 1, id, (select max(id) from rosterd.imports where started_at <= renames.undone_at)
from renames where undone_at is not null;
analyze erased_ids
