-- Lists the values that the import changed, one row each. `stays` is the reason why a value cannot be restored, or null
-- (docs/people.md#undo). $1: the import's id.
create temp table undo_values on commit drop as
select
  c.unique_id, change.key as name, change.value ->> 0 as before,
  case
    when u.unique_id is null then 'the user no longer exists'
    when to_jsonb(u) ->> change.key is distinct from change.value ->> 1 then format('%s has changed since', change.key)
  end as stays
from rosterd.import_changes as c
cross join jsonb_each(
  c.changes - '{active, archived_at, inactive_since, feeds, old_unique_id, merged_into}'::text[]
) as change
left join rosterd.users as u on u.unique_id = c.unique_id
where c.import_id = $1
