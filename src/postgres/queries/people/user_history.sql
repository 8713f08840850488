-- Lists the changes that imports made to a user, newest first. $1: the unique_id; $2: the limit.
select
  i.id as import, i.feed, i.file, coalesce(c.changed_at, i.finished_at) as at, i.undone_at, i.decisions,
  i.id = u.created_by_import as is_creation, i.cleared_at is not null as is_cleared,
  h.unique_id is not null as was_held, c.changes,
  case when i.id = u.created_by_import then 'created' else {{outcome}} end as outcome,
  coalesce(c.permits_released, (
    select array_agg(permit_no order by permit_id) from rosterd.permits
    where released_by_import = i.id and unique_id = u.unique_id
  ), '{}') as permits_released
from rosterd.users as u
cross join rosterd.imports as i
-- With this clause, PostgreSQL looks up each import by its key. An index on the users would slow down every import.
left join lateral (
  select * from rosterd.import_changes
  where import_id = i.id and unique_id = u.unique_id and changes - 'feeds' <> '{}' offset 0
) as c on true
left join lateral (
  select unique_id from rosterd.import_held where import_id = i.id and unique_id = u.unique_id offset 0
) as h on true
where u.unique_id = $1 and i.status <> 'checked'
  and (c.unique_id is not null or h.unique_id is not null or i.id = u.created_by_import)
order by i.id desc
limit $2
