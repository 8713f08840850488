-- Counts the users who would lose access, and those who lost it in the last 24 hours because of imports that were not
-- undone: by login source, in total, and because of this feed's files.
with losing as (
  select u.unique_id, u.login_source
  from plan as p join rosterd.users as u on u.unique_id = p.unique_id
  where p.loses
  union all
  select unique_id, login_source from missing where loses
),
recent as (
  select u.unique_id, u.login_source, bool_or(i.feed = @feed) as of_feed
  from rosterd.import_changes as c
  join rosterd.imports as i on i.id = c.import_id
  join rosterd.users as u on u.unique_id = c.unique_id
  where c.lost_active and c.changed_at > now() - interval '24 hours' and i.undone_at is null
  group by u.unique_id, u.login_source
),
counted as (
  select unique_id, login_source, true as losing, true as of_feed from losing
  union all
  select unique_id, login_source, false, of_feed from recent where unique_id not in (select unique_id from losing)
)
select null as feed, login_source, count(*) as counted, count(*) filter (where losing) as losing
from counted
group by grouping sets ((login_source), ())
union all
select @feed, null, count(*), count(*) filter (where losing) from counted where of_feed having @several
