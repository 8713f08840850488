-- Removes merges with the erased users from the changes that imports and trials have stored for other users. This query
-- runs before traces.sql, because a single statement cannot change and delete the same row.
update rosterd.import_changes as c set changes = c.changes - '{old_unique_id, merged_into}'::text[]
from rosterd.imports as i cross join erased_ids as e
where i.merged > 0 and c.import_id = i.id and i.id between e.first_import and e.last_import
  and e.unique_id = coalesce(c.changes -> 'old_unique_id' ->> 1, c.changes -> 'merged_into' ->> 1);
update rosterd.trial_changes as t set columns = t.columns - '{old_unique_id, merged_into}'::text[]
from erased_ids as e
where t.import_id between e.first_import and e.last_import
  and e.unique_id = coalesce(t.columns -> 'old_unique_id' ->> 1, t.columns -> 'merged_into' ->> 1)
