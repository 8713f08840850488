-- Moves the permits of renamed and merged users and the history of renamed users to the new ids. Changes that earlier
-- imports stored under the new id stay as they are. $1: the import's id.
with moves as (
  select unique_id as old_id, new_id, new_id as noted_id from plan where new_id is not null
  union all
  select unique_id, merged_into, unique_id from missing where effect = 'merge'
),
moved as materialized (
  select noted_id, rosterd.move_permits(old_id, new_id, $1) as permits from moves
)
update rosterd.import_changes as c set permits_moved = moved.permits
from moved
where c.import_id = $1 and c.unique_id = moved.noted_id;
with changed as (
  update rosterd.import_changes as c set unique_id = p.new_id
  from plan as p cross join rosterd.imports as i
  where p.new_id is not null and i.id < $1 and i.cleared_at is null and c.import_id = i.id and c.unique_id = p.unique_id
    and not exists (select from rosterd.import_changes as own where own.import_id = i.id and own.unique_id = p.new_id)
  returning c.import_id, c.unique_id
),
held as (
  update rosterd.import_held as h set unique_id = p.new_id
  from plan as p cross join rosterd.imports as i
  where p.new_id is not null and i.id < $1 and i.cleared_at is null and h.import_id = i.id and h.unique_id = p.unique_id
    and not exists (select from rosterd.import_held as own where own.import_id = i.id and own.unique_id = p.new_id)
  returning h.import_id, h.unique_id
)
update rosterd.import_changes as c set moved_imports = moved.imports
from (
  select unique_id, array_agg(import_id) as imports from (select * from changed union select * from held) as either group by unique_id
) as moved
where c.import_id = $1 and c.unique_id = moved.unique_id;
update archived as a set unique_id = p.new_id from plan as p where p.new_id is not null and a.unique_id = p.unique_id
