-- Whether only rosterd's own code runs when it writes. Otherwise a row may not have the values that rosterd wrote.
with tables as (
  select oid from pg_class where relnamespace = 'rosterd'::regnamespace and relkind in ('r', 'p', 'v', 'f')
),
code (classid, objid) as (
  select 'pg_constraint'::regclass, oid from pg_constraint where conrelid in (select oid from tables)
  union all
  select 'pg_attrdef'::regclass, oid from pg_attrdef where adrelid in (select oid from tables)
  union all
  select 'pg_class'::regclass, indexrelid from pg_index where indrelid in (select oid from tables)
)
select
  not exists (select from pg_trigger where not tgisinternal and tgrelid in (select oid from tables))
  and not exists (select from pg_rewrite where ev_class in (select oid from tables))
  -- Child tables and foreign tables may have code of their own.
  and not exists (select from pg_inherits where inhparent in (select oid from tables))
  and not exists (select from pg_foreign_table where ftrelid in (select oid from tables))
  and not exists (select from pg_event_trigger where evtenabled <> 'D')
  -- PostgreSQL's own functions have no entry in pg_depend.
  and not exists (select from pg_depend join code using (classid, objid)
    where refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass))
  -- The function has the body from migration 0002. Customers may replace it.
  and exists (
    select from pg_proc
    where oid = to_regprocedure('rosterd.release_permits(text[], bigint)') and md5(prosrc) = '3ecf925d3fdf6fc23f0f31f716cce398'
  ) as only_ours
