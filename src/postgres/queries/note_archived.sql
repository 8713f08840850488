-- Who is archived: known users by the plan, and newcomers who are inactive. Only asked when archive_inactive_users is on.
insert into archived (unique_id)
select unique_id from plan where transition = 'archive'
union all
select s.unique_id from newcomers as n join staged as s on s.line = n.line where s.active = '0'
