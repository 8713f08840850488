-- Ends the failures of earlier imports that import $1 has repeated or fixed (docs/mail.md#new-and-known-failures).
-- Returns the number of fixed failures. $2: whether the file may be a complete roster. $3: the number of its records.
with open as (
  select o.import_id, o.line, o.unique_id, o.keys, i.records, i.started_at
  from rosterd.import_failures as o
  join rosterd.imports as i on i.id = o.import_id
  where o.open_feed = @feed and o.import_id <> $1
), over as (
  select import_id, line, true as is_named from open where unique_id collate "C" in (select unique_id from staged)
  union all
  select import_id, line, true from open
  join rosterd.users as u on u.unique_id = open.unique_id collate "C" and u.created_by_import = $1
  union all
  -- A failed record without a unique_id names no user. Its failure ends with a later complete roster that is at least
  -- half as large.
  select import_id, line, true from open where unique_id is null and $2 and records <= 2 * $3
  union all
  select import_id, line, true from open
  where unique_id is null
    and keys in (select keys from rosterd.import_failures where import_id = $1 and unique_id is null)
  union all
  -- After 28 days, the failure ends, because its user has probably left.
  select import_id, line, false from open
  where started_at < (select started_at - interval '28 days' from rosterd.imports where id = $1)
), ended as (
  update rosterd.import_failures as o set open_feed = null
  from (select import_id, line, bool_or(is_named) as is_named from over group by import_id, line) as over
  where o.import_id = over.import_id and o.line = over.line
  returning coalesce(o.unique_id, o.keys[1]::text) as who, o.keys, over.is_named
)
select count(*) as failed_fixed
from ended
where is_named and not exists (
  select from rosterd.import_failures as n
  where n.import_id = $1 and coalesce(n.unique_id, n.keys[1]::text) = ended.who and n.keys && ended.keys
)
