-- Locks everybody whom the import changed or created, in one order for all. $1: the import.
select count(*) from (
  select from rosterd.users
  where unique_id in (select unique_id from rosterd.import_changes where import_id = $1) or created_by_import = $1
  order by unique_id
  for update
) as locked
