-- The good records that name a user who is not known yet.
insert into newcomers (line)
select s.line
from staged as s
where s.problems is null and s.line not in (select line from repeats)
  and not exists (select from rosterd.users as u where u.unique_id = s.unique_id)
