-- Finds contested claims: the file may contain the value twice, or another user has it. All other claims succeed.
insert into claims (line, what, key, holder_id, leaver_line)
select p.line, 'user_name', p.claims_user_name, holder.unique_id, leaver.line
from plan as p
left join (select distinct key from possible_duplicates where what = 'user_name') as s on s.key = p.claims_user_name
left join rosterd.users as holder on lower(holder.user_name collate "C") = p.claims_user_name
left join plan as leaver on leaver.unique_id = holder.unique_id and leaver.leaves_user_name
where p.claims_user_name is not null and (s.key is not null or holder.unique_id is not null)
union all
select p.line, 'email', p.claims_email, holder.unique_id, leaver.line
from plan as p
left join (select distinct key from possible_duplicates where what = 'email') as s on s.key = p.claims_email
left join rosterd.users as holder on lower(holder.email collate "C") = p.claims_email
left join plan as leaver on leaver.unique_id = holder.unique_id and leaver.leaves_email
where p.claims_email is not null and (s.key is not null or holder.unique_id is not null)
