-- Clears values that move between users, so that two users can swap values despite the unique index.
update rosterd.users as u
set
  user_name = case when p.leaves_user_name then null else u.user_name end,
  email = case when p.leaves_email then null else u.email end
from plan as p
where p.unique_id = u.unique_id
  and (
    (p.leaves_user_name and lower(u.user_name collate "C") in (select key from claims where what = 'user_name'))
    or (p.leaves_email and lower(u.email collate "C") in (select key from claims where what = 'email'))
  )
