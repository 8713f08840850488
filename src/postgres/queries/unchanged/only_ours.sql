-- Checks whether a write to the users table runs only rosterd's own code. With other triggers, a row may have values
-- that rosterd did not write.
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
  -- Child tables and foreign tables may run other code.
  and not exists (select from pg_inherits where inhparent in (select oid from tables))
  and not exists (select from pg_foreign_table where ftrelid in (select oid from tables))
  and not exists (select from pg_event_trigger where evtenabled <> 'D')
  -- PostgreSQL's own functions have no entry in pg_depend.
  and not exists (select from pg_depend join code using (classid, objid)
    where refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass))
  -- The functions must have the bodies from migrations 0002 and 0016, because customers may replace them.
  and (
    select count(*) from pg_proc
    where (oid = to_regprocedure('rosterd.release_permits(text[], bigint)') and md5(prosrc) = '3ecf925d3fdf6fc23f0f31f716cce398')
      or (oid = to_regprocedure('rosterd.move_permits(text, text, bigint)') and md5(prosrc) = 'f8104ff4e6c86feb4145f0a7f0c181f2')
  ) = 2 as only_ours
