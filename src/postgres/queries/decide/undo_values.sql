-- Restores users' values.
update rosterd.users as u
set {{, |@name = case when back.befores ? '@name' then (back.befores ->> '@name')::@type else u.@name end}}, updated_at = now()
from (select unique_id, jsonb_object_agg(name, before) as befores from undo_values where stays is null group by unique_id) as back
where back.unique_id = u.unique_id
