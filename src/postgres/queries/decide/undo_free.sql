-- Clears the unique values that go back to other users, including values of users whom the import created. $1: the
-- import's id.
with wanted as (
  select name, lower(before collate "C") as key from undo_values
  where stays is null and before is not null and name in ('user_name', 'email')
),
leaving as (
  select unique_id, name from undo_values where stays is null and name in ('user_name', 'email')
)
update rosterd.users as u
set
  user_name = case when (u.created_by_import = $1 or (u.unique_id, 'user_name') in (select * from leaving))
    and ('user_name', lower(u.user_name collate "C")) in (select * from wanted) then null else u.user_name end,
  email = case when (u.created_by_import = $1 or (u.unique_id, 'email') in (select * from leaving))
    and ('email', lower(u.email collate "C")) in (select * from wanted) then null else u.email end
where (u.created_by_import = $1 or u.unique_id in (select unique_id from leaving))
  and (('user_name', lower(u.user_name collate "C")) in (select * from wanted)
    or ('email', lower(u.email collate "C")) in (select * from wanted))
