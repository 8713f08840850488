-- Lists the first few valid records as they would be stored, for `check`. $1: the limit.
select
  s.line,
  jsonb_build_object('unique_id', s.unique_id{{|, '@label', case when @staged is null then @text else nullif(@staged, '') end}},
    'active', case when coalesce(s.active, case when u.active is false then '0' end, '1') = '0' then '0' else '1' end) as values
from (select * from staged where problems is null order by line limit $1) as s
left join rosterd.users as u on u.unique_id = @user
order by s.line
