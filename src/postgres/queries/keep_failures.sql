-- Stores the failed records of import $1, with the time of the first import in which they failed for the same reasons
-- (docs/mail.md#new-and-known-failures). Returns the number of new failures.
with failing as materialized (
  select f.line, f.unique_id, f.problems, f.name,
    array(
      select hashtextextended(
        concat_ws(' ', p ->> 'column', p ->> 'code', coalesce(p ->> 'key', case
          when f.unique_id is null then
            jsonb_build_object('unique_id', null, 'active', (f.record).active, {{, |'@label', (f.record).@name}})::text
          else case p ->> 'column'
            when 'unique_id' then f.unique_id when 'active' then (f.record).active {{ |when '@label' then (f.record).@name}}
          end
        end)), 0)
      from jsonb_array_elements(f.keyed) as p
    ) as keys
  from ({{failures}}) as f
), compared as materialized (
  select failing.*, (
    select min(o.since) from rosterd.import_failures as o
    -- This condition saves a third of the time in the usual case that the feed has no open failures.
    where exists (select from rosterd.import_failures where open_feed = @feed) and o.open_feed = @feed
      and coalesce(o.unique_id, o.keys[1]::text) collate "C" = coalesce(failing.unique_id, failing.keys[1]::text) collate "C"
      and (o.unique_id is null) = (failing.unique_id is null) and o.keys @> failing.keys
  ) as since
  from failing
), kept as (
  insert into rosterd.import_failures (import_id, line, unique_id, problems, keys, name, since, open_feed)
  select $1, line, unique_id, problems, keys, name,
    coalesce(since, (select started_at from rosterd.imports where id = $1)), @feed
  from compared
)
select count(*) filter (where since is null) as failed_new from compared
