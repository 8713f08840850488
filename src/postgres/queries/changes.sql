-- The first users who would change, with their values before and after, for `check`. $1: the limit.
select
  p.unique_id,
  case
    when p.transition in ('create', 'create_archived') then 'created'
    when p.held is not null then 'held'
    when p.transition = 'archive' then 'archived'
    when p.transition = 'reactivate' then 'reactivated'
    else 'updated'
  end as outcome,
  (select coalesce(jsonb_object_agg(name, pair), '{}') from (values
    {{, |('@label', case when @staged <> @old then jsonb_build_array(@text, nullif(@staged, '')) end)}},
    ('active', case
      when p.is_missing then case when p.held is null and u.active then jsonb_build_array('1', '0') end
      when u.unique_id is null then jsonb_build_array(null, case when s.active = '0' then '0' else '1' end)
      when p.transition in ('archive', 'disable') and u.active then jsonb_build_array('1', '0')
      when p.transition in ('reactivate', 'enable') then jsonb_build_array('0', '1')
    end)
  ) as pairs (name, pair) where pair is not null) as columns
from (
  select line, unique_id, transition, held, false as is_missing from plan
  where transition is not null or held is not null or changes is not null
  union all
  -- Missing users have no line, so they come last.
  select null, unique_id, 'archive', case when held then 'archive' end, true from missing where effect = 'archive'
  order by line, unique_id
  limit $1
) as p
left join staged as s on s.line = p.line
left join rosterd.users as u on u.unique_id = p.unique_id
order by p.line, p.unique_id
