-- Users who were created straight although a record that came later may want a value of theirs; and those of whom a record was
-- passed over before another one came. $1: the import; $2: the latter.
insert into again (unique_id)
select u.unique_id from suspects as s join rosterd.users as u on u.unique_id = s.key
where s.what = 'unique_id' and u.created_by_import = $1
union
select u.unique_id from suspects as s join rosterd.users as u on lower(u.user_name collate "C") = s.key
where s.what = 'user_name' and u.created_by_import = $1
union
select u.unique_id from suspects as s join rosterd.users as u on lower(u.email collate "C") = s.key
where s.what = 'email' and u.created_by_import = $1
union
select * from unnest($2::text[])
