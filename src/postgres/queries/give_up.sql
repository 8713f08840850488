-- Clears the values that archived users give up to other users.
update rosterd.users as u
set
  user_name = case when g.user_name then null else u.user_name end,
  email = case when g.email then null else u.email end,
  updated_at = now()
from (
  select giver_id, bool_or(what = 'user_name') as user_name, bool_or(what = 'email') as email
  from claims where giver_id is not null group by giver_id
) as g
where u.unique_id = g.giver_id
