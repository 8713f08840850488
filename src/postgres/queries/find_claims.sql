-- Claims that somebody else may contest: the file may have the value twice, or another user has it. All others hold.
with claimed_user_names as not materialized (
  select line, claims_user_name as key from plan where claims_user_name is not null
  union all
  select s.line, lower(s.user_name collate "C") from newcomers as n join staged as s on s.line = n.line where s.user_name <> ''
),
claimed_emails as not materialized (
  select line, claims_email as key from plan where claims_email is not null
  union all
  select s.line, lower(s.email collate "C") from newcomers as n join staged as s on s.line = n.line where s.email <> ''
)
insert into claims (line, what, key)
select c.line, 'user_name', c.key from claimed_user_names as c join suspects as s on s.what = 'user_name' and s.key = c.key
union
select c.line, 'user_name', c.key from claimed_user_names as c join rosterd.users as u on lower(u.user_name collate "C") = c.key
union
select c.line, 'email', c.key from claimed_emails as c join suspects as s on s.what = 'email' and s.key = c.key
union
select c.line, 'email', c.key from claimed_emails as c join rosterd.users as u on lower(u.email collate "C") = c.key
