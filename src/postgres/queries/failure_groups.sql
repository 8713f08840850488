-- Groups failures by reason, ignoring quoted values and numbers that differ between records. There are three kinds of
-- failures: the new and the known ones of import $1, and those of earlier imports of the feed whose users have not
-- appeared in any file since. $2: the maximum number of groups of each kind.
with this as (
  select id, feed, started_at from rosterd.imports where id = $1
), failures as (
  select f.* from this join rosterd.import_failures as f on f.import_id = this.id
  union all
  select f.* from this join rosterd.import_failures as f on f.open_feed = this.feed collate "C" and f.import_id < this.id
), problems as (
  select
    case when f.import_id <> this.id then 'earlier' when coalesce(f.since, this.started_at) = this.started_at then 'fresh'
      else 'known' end as kind,
    f.import_id, f.line, p ->> 'code' as code, p ->> 'column' as name,
    regexp_replace(p ->> 'reason', '"[^"]*"|\d+', '', 'g') as pattern,
    coalesce(f.since, this.started_at) as since
  from this
  cross join failures as f
  cross join jsonb_array_elements(f.problems) as p
), groups as (
  select kind, import_id, code, name, pattern, count(*) as records, min(line) as line, min(since) as since,
    row_number() over (partition by kind order by count(*) desc, min(line)) as place
  from problems group by kind, import_id, code, name, pattern
)
select
  g.kind, g.records, g.line, f.unique_id,
  coalesce(nullif(concat_ws(' ', u.first_name, u.last_name), ''), f.name) as name,
  to_char(g.since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as since,
  (
    select p ->> 'reason' from jsonb_array_elements(f.problems) as p
    where p ->> 'code' = g.code and p ->> 'column' is not distinct from g.name
      and regexp_replace(p ->> 'reason', '"[^"]*"|\d+', '', 'g') = g.pattern
    limit 1
  ) as reason
from groups as g
join lateral (
  select f.unique_id, f.problems, f.name from rosterd.import_failures as f
  where f.line = g.line and f.import_id = g.import_id
) as f on true
left join rosterd.users as u on u.unique_id = f.unique_id collate "C"
where g.place <= $2
order by g.kind, g.place
