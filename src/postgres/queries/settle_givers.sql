-- Keeps an archived user as a giver only if the value now goes to another user and the giver would otherwise keep it.
-- In that case, the giver's own record does not change the value. The last statement counts the givers.
update claims as c set giver_id = null
where giver_id is not null
  and (line in (select line from taken)
    or exists (select from plan as p where p.unique_id = c.giver_id and case c.what when 'email' then p.leaves_email else p.leaves_user_name end));
with given as (
  select s.line, bool_or(c.what = 'user_name') as user_name, bool_or(c.what = 'email') as email
  from claims as c join staged as s on @user = c.giver_id
  where s.problems is null and s.line not in (select line from repeats)
  group by s.line
),
planned as (
  update plan as p
  set changes = nullif(p.changes - case when g.user_name then 'user_name' else '' end - case when g.email then 'email' else '' end, '{}')
  from given as g
  where g.line = p.line and p.changes is not null
)
update staged as s
set user_name = case when g.user_name then null else s.user_name end, email = case when g.email then null else s.email end
from given as g
where g.line = s.line;
select count(*) as givers from claims where giver_id is not null
