-- Locks the held users. $1: the import's id.
with wanted as (select unique_id from rosterd.import_held where import_id = $1),
locked as (
  select from rosterd.users where unique_id in (select unique_id from wanted) for no key update nowait
)
select count(*) = (select count(*) from wanted) as complete from locked
