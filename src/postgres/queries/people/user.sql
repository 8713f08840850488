-- Reads a user with the user's permits, open holds and last failure. $1: the unique_id.
select
  to_jsonb(u) as stored, u.archived_at, case when not u.active then u.inactive_since end as inactive_since, u.created_at, u.updated_at,
  (
    select coalesce(jsonb_agg(jsonb_build_object(
      'permit_no', permit_no, 'status', status, 'released_at', released_at, 'released_by_import', released_by_import
    ) order by permit_id), '[]')
    from rosterd.permits where unique_id = u.unique_id
  ) as permits,
  (
    select coalesce(jsonb_agg(jsonb_build_object(
      'import', i.id, 'feed', i.feed, 'file', i.file, 'line', h.line, 'effect', h.effect
    ) order by i.id desc), '[]')
    from rosterd.imports as i
    join rosterd.import_held as h on h.import_id = i.id and h.unique_id = u.unique_id
    where i.hold_state = 'open'
  ) as holds,
  (
    select jsonb_build_object(
      'import', i.id, 'feed', i.feed, 'file', i.file, 'at', i.finished_at, 'line', f.line, 'problems', f.problems
    )
    from rosterd.imports as i
    cross join lateral (
      select line, problems from rosterd.import_failures
      where import_id = i.id and unique_id = u.unique_id
      order by line limit 1
    ) as f
    where i.failed > 0 and i.cleared_at is null
    order by i.id desc limit 1
  ) as last_failure,
  (select max(finished_at) from rosterd.imports where cleared_at is not null) as cleared_until
from rosterd.users as u
where u.unique_id = $1
