-- Finds users created by direct insert who have a value that a later record may claim, or whose id is the old id in
-- another record. Users with both a skipped record and a record that was read are already in restaged_users. $1: the
-- import's id.
insert into restaged_users (unique_id)
select u.unique_id from possible_duplicates as s join rosterd.users as u on u.unique_id = s.key
where s.what = 'unique_id' and u.created_by_import = $1
union
select u.unique_id from possible_duplicates as s join rosterd.users as u on lower(u.user_name collate "C") = s.key
where s.what = 'user_name' and u.created_by_import = $1
union
select u.unique_id from possible_duplicates as s join rosterd.users as u on lower(u.email collate "C") = s.key
where s.what = 'email' and u.created_by_import = $1
[[union
select u.unique_id from staged as s join rosterd.users as u on u.unique_id = s.old_unique_id
where u.created_by_import = $1]]
on conflict do nothing
