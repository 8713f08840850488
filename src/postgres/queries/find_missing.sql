-- Users who are absent from the roster: of the login sources that an applied record carries. Whoever has a record, be it one
-- that failed, is not absent.
insert into missing (unique_id, login_source, loses, held, version)
select u.unique_id, u.login_source, u.active, false, u.xmin
from rosterd.users as u
where u.archived_at is null
  and u.login_source in (
    select login_source from staged
    where problems is null and line not in (select line from repeats) and line not in (select line from taken)
  )
  and not exists (select from staged as s where s.unique_id = u.unique_id)
