-- Counts the known users whose records are valid and were not skipped.
select (
  select count(*) from staged
  where problems is null and line not in (select line from repeats) and line not in (select line from taken)
) - (select count(*) from plan where version is null) as users
