-- Lists the first few users who would change, with their values before and after, for `check`. $1: the limit.
select
  coalesce(p.new_id, p.unique_id) as unique_id,
  case
    when p.transition in ('create', 'create_archived') then 'created'
    when p.held is not null then 'held'
    when p.transition = 'archive' then 'archived'
    when p.transition = 'reactivate' then 'reactivated'
    else 'updated'
  end as outcome,
  (select coalesce(jsonb_object_agg(name, pair), '{}') from (values
    [[('unique_id', case when p.new_id is not null then jsonb_build_array(p.unique_id, p.new_id) end),
    ('old_unique_id', (select jsonb_build_array(null, unique_id) from missing where line = p.line)),
    ('merged_into', case when p.merged_into is not null then jsonb_build_array(null, p.merged_into) end),]]
    {{, |('@label', case when @staged <> @old then jsonb_build_array(@text, nullif(@staged, '')) end)}},
    ('active', case
      when p.is_missing then case when p.held is null and u.active then jsonb_build_array('1', '0') end
      when u.unique_id is null then jsonb_build_array(null, case when s.active = '0' then '0' else '1' end)
      when p.transition in ('archive', 'disable') and u.active then jsonb_build_array('1', '0')
      when p.transition in ('reactivate', 'enable') then jsonb_build_array('0', '1')
    end)
  ) as pairs (name, pair) where pair is not null) || (
    select coalesce(jsonb_object_agg(what, jsonb_build_array(case what when 'email' then u.email else u.user_name end, null)), '{}')
    from claims where giver_id = p.unique_id
  ) as columns
from (
  select plan.line, plan.unique_id, plan.new_id, coalesce(plan.transition, due.effect) as transition, plan.held,
    false as is_missing, due.merged_into
  from plan
  -- A user whose grace period is over may have a record, too.
  left join missing as due on due.unique_id = plan.unique_id
  where plan.transition is not null or plan.held is not null or plan.changes is not null
  union all
  -- Users without a record come last.
  select null, unique_id, null, case effect when 'merge' then 'archive' else effect end, case when held then effect end, true, merged_into
  from missing where effect in ('archive', 'disable', 'merge')
    and unique_id not in (
      select unique_id from plan where transition is not null or held is not null or changes is not null
    )
  union all
  select distinct null::bigint, giver_id, null, null, null, false, null from claims
  where giver_id is not null
    and giver_id not in (select unique_id from plan where transition is not null or held is not null or changes is not null)
    and giver_id not in (select unique_id from missing where effect in ('archive', 'disable', 'merge'))
  order by line, unique_id
  limit $1
) as p
left join staged as s on s.line = p.line
left join rosterd.users as u on u.unique_id = p.unique_id
order by p.line, p.unique_id
