-- Locks whom approving changes, in one order for all. $1: the import.
select count(*) from (
  select from rosterd.users
  where unique_id in (select unique_id from rosterd.import_held where import_id = $1)
  order by unique_id
  for update
) as locked
