-- Reads one page of the users whom an import created, changed or held. For a created user, `created` contains the
-- current values. A value that later imports have changed is the one from before the first change. $1: the import's id;
-- $2: the last unique_id of the previous page, or null; $3: the limit; $4: the outcome to list, or null for all
-- outcomes.
with page as (
  select unique_id, outcome, changes, columns, permits from (
    (
      select c.unique_id, o.outcome, c.changes, null::jsonb as columns, c.permits_released as permits
      from rosterd.import_changes as c
      left join rosterd.import_held as h on h.import_id = c.import_id and h.unique_id = c.unique_id
      cross join lateral (select {{outcome}} as outcome) as o
      where c.import_id = $1 and c.unique_id > coalesce($2::text, '') collate "C" and o.outcome = coalesce($4::text, o.outcome)
        -- What a feed says about a user is not one of the user's values.
        and (c.changes - 'feeds' <> '{}' or h.unique_id is not null)
      order by c.unique_id limit $3
    )
    union all
    (
      select h.unique_id, 'held', '{}', null, null
      from rosterd.import_held as h
      where h.import_id = $1 and h.unique_id > coalesce($2::text, '') collate "C" and coalesce($4::text, 'held') = 'held'
        and not exists (
          select from rosterd.import_changes as c where c.import_id = h.import_id and c.unique_id = h.unique_id
        )
      order by h.unique_id limit $3
    )
    union all
    (
      select unique_id, outcome, null, columns, null
      from rosterd.trial_changes
      where import_id = $1 and unique_id > coalesce($2::text, '') collate "C" and outcome = coalesce($4::text, outcome)
      order by unique_id limit $3
    )
    union all
    (
      select unique_id, 'created', null, null, null
      from rosterd.users
      where created_by_import = $1 and unique_id > coalesce($2::text, '') collate "C" and coalesce($4::text, 'created') = 'created'
        -- This part reads all users, so it must not run for an import that created no users.
        and (select created > 0 from rosterd.imports where id = $1)
      order by unique_id limit $3
    )
  ) as found
  order by unique_id limit $3
),
created as (
  select min(unique_id) as first, max(unique_id) as last from page where outcome = 'created' and columns is null
),
later as (
  select c.unique_id, jsonb_object_agg(change.key, change.value -> 0 order by c.import_id desc) as befores
  from rosterd.imports as i
  cross join lateral (
    select import_id, unique_id, changes from rosterd.import_changes
    where import_id = i.id and unique_id between (select first from created) and (select last from created)
    -- With this clause, PostgreSQL looks up each import by its key.
    offset 0
  ) as c
  cross join jsonb_each(c.changes) as change
  where i.id > $1 and i.cleared_at is null and (select first is not null from created)
  group by c.unique_id
)
select
  p.unique_id, p.outcome, p.changes, p.columns, to_jsonb(u) || coalesce(later.befores, '{}') as created,
  coalesce(p.permits, (
    select array_agg(permit_no order by permit_id) from rosterd.permits
    where released_by_import = $1 and unique_id = p.unique_id
  ), '{}') as permits_released
from page as p
left join rosterd.users as u on u.unique_id = p.unique_id and p.outcome = 'created' and p.columns is null
left join later on later.unique_id = p.unique_id
order by p.unique_id
