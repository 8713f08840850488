-- Locks all users whom the import changed or created. $1: the import's id.
with wanted as (
  select unique_id from rosterd.import_changes where import_id = $1
  union
  select unique_id from rosterd.users where created_by_import = $1
),
locked as (
  select from rosterd.users where unique_id in (select unique_id from wanted) for no key update nowait
)
select count(*) = (select count(*) from wanted) as complete from locked
