-- Lists every value as a possible duplicate, because there are too many possible duplicates to list one by one.
insert into possible_duplicates
select 'unique_id', unique_id from staged where unique_id is not null
union select 'user_name', lower(user_name collate "C") from staged where user_name <> ''
union select 'email', lower(email collate "C") from staged where email <> ''
