-- What `check` shows of the first users that would change: column by column, before and after. $1: how many.
with first as (
  select line, transition, false as is_new from plan
  union all
  select line, null, true from newcomers
  order by line limit $1
)
select
  s.unique_id,
  case
    when f.is_new then 'created'
    when f.transition = 'archive' then 'archived'
    when f.transition = 'reactivate' then 'reactivated'
    else 'updated'
  end as outcome,
  (select jsonb_object_agg(name, pair) from (values
    {{, |('@label', case when s.@name <> @old then jsonb_build_array(@text, nullif(s.@name, '')) end)}},
    ('active', case
      when f.is_new then jsonb_build_array(null, case when s.active = '0' then '0' else '1' end)
      when f.transition in ('archive', 'disable') and u.active then jsonb_build_array('1', '0')
      when f.transition in ('reactivate', 'enable') then jsonb_build_array('0', '1')
    end)
  ) as pairs (name, pair) where pair is not null) as columns
from first as f
join staged as s on s.line = f.line
left join rosterd.users as u on u.unique_id = s.unique_id
order by f.line
