-- Finds the users whose id is the old id in a record (docs/people.md#new-ids). Stores users to be renamed in
-- staged.known_id, and users to be merged into others in `missing`. A record fails if its old id has a separate record,
-- or if several records claim the same known old id. If no user has the old id, the record is applied as if it had no
-- old id.
update staged set known_id = null where known_id is not null;
with heirs as materialized (
  select
    old_unique_id as old_id, unique_id as new_id, min(line) as line,
    row_number() over (partition by old_unique_id order by min(line)) as place
  from staged
  where old_unique_id <> '' and old_unique_id <> unique_id
  group by old_unique_id, unique_id
),
own as materialized (
  select unique_id as id, min(line) as line from staged where unique_id in (select old_id from heirs) group by unique_id
),
refused as (
  select
    h.old_id, h.new_id,
    case when own.id is null then format('old_unique_id "%s" is also on line %s: keep it only for the person who had this id', h.old_id, other.line)
      else format('old_unique_id "%s" has a record of its own on line %s: remove that record, or the old id here', h.old_id, own.line)
    end as reason
  from heirs as h
  left join own on own.id = h.old_id
  left join rosterd.users as u on u.unique_id = h.old_id
  left join heirs as other on other.old_id = u.unique_id and other.place = case h.place when 1 then 2 else 1 end
  where own.id is not null or other.old_id is not null
)
update staged as s
-- The new problem is inserted in column order.
set problems = case when s.problems::jsonb -> 0 ->> 'column' = 'unique_id' then jsonb_insert(s.problems::jsonb, '{0}', p.problem, true)
  else p.problem || coalesce(s.problems::jsonb, '[]') end::text
from refused as r
cross join lateral (
  select jsonb_build_object('column', 'old_unique_id', 'code', '9022', 'reason', r.reason) as problem
) as p
where s.old_unique_id = r.old_id and s.unique_id = r.new_id and s.line not in (select line from repeats)
  and (s.problems is null or not s.problems::jsonb @> '[{"column": "old_unique_id", "code": "9022"}]');
update staged as s
set known_id = u.unique_id
from rosterd.users as u
where u.unique_id = s.old_unique_id and s.problems is null and s.line not in (select line from repeats)
  and not exists (select from rosterd.users as known where known.unique_id = s.unique_id);
insert into missing (unique_id, login_source, effect, was_active, loses, held, is_named, said, inactive_since, version, line, merged_into)
select u.unique_id, u.login_source, 'merge', u.active, false, false, false, @said, u.inactive_since, u.xmin, s.line, s.unique_id
from staged as s
join rosterd.users as u on u.unique_id = s.old_unique_id
join rosterd.users as known on known.unique_id = s.unique_id
where s.problems is null and s.line not in (select line from repeats) and u.unique_id <> s.unique_id and u.archived_at is null;
analyze staged (known_id, old_unique_id), missing
