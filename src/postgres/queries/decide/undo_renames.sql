-- Gives renamed users their old ids back. Their permits and history move with them. $1: the import's id.
update rosterd.users as u set unique_id = v.before, updated_at = now()
from undo_values as v
where v.name = 'unique_id' and v.stays is null and u.unique_id = v.unique_id;
select rosterd.move_permits(unique_id, before, $1) from undo_values where name = 'unique_id' and stays is null;
with back as (
  select v.unique_id, v.before, c.moved_imports || i.id as imports
  from undo_values as v
  join rosterd.import_changes as c on c.import_id = $1 and c.unique_id = v.unique_id
  join lateral (select array_agg(id) as id from rosterd.imports where id >= $1) as i on true
  where v.name = 'unique_id' and v.stays is null
),
changed as (
  update rosterd.import_changes as c set unique_id = back.before
  from back
  where c.import_id = any (back.imports) and c.unique_id = back.unique_id
    and not exists (select from rosterd.import_changes as own where own.import_id = c.import_id and own.unique_id = back.before)
)
update rosterd.import_held as h set unique_id = back.before
from back
where h.import_id = any (back.imports) and h.unique_id = back.unique_id
  and not exists (select from rosterd.import_held as own where own.import_id = h.import_id and own.unique_id = back.before)
