-- Finds the missing users in the login sources of the applied records. A user with a failed record is not missing.
insert into missing (unique_id, login_source, loses, held, version)
select u.unique_id, u.login_source, u.active, false, u.xmin
from rosterd.users as u
where u.archived_at is null
  and u.login_source in (
    select @named(login_source) from staged as s left join rosterd.users as u on u.unique_id = s.unique_id
    where s.problems is null and s.line not in (select line from repeats) and s.line not in (select line from taken)
  )
  and not exists (select from staged as s where s.unique_id = u.unique_id)
