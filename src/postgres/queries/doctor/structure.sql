-- Returns the keys, checks and indexes of the tables, and the triggers that are switched off. Ignores partitions and
-- views.
with tables as (
  select oid, relname from pg_class where relnamespace = to_regnamespace('rosterd') and relkind = 'r'
)
select
  (select json_agg(relname) from tables) as tables,
  (
    select coalesce(json_agg(json_build_object(
      'table', relname, 'name', conname, 'definition', pg_get_constraintdef(c.oid)
    )), '[]') from pg_constraint as c join tables on tables.oid = conrelid
  ) as constraints,
  (
    select coalesce(json_agg(json_build_object(
      -- The definition omits the names of the index and table, because a restore may have changed them.
      'table', tables.relname, 'name', i.relname, 'is_valid', indisvalid, 'is_unique', indisunique,
      'definition', regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '')
    )), '[]') from pg_index join tables on tables.oid = indrelid join pg_class as i on i.oid = indexrelid
  ) as indexes,
  (
    select coalesce(json_agg(distinct jsonb_build_object(
      'table', relname, 'trigger', case when tgisinternal then 'all' else quote_ident(tgname) end
    )), '[]') from pg_trigger join tables on tables.oid = tgrelid where tgenabled = 'D'
  ) as switched_off
