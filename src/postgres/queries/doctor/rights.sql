-- Returns the role's rights on the database and on the schema rosterd. The rights on the schema are null if it does not
-- exist.
select
  quote_ident(current_user) as role,
  quote_ident(current_database()) as database,
  has_database_privilege(current_database(), 'TEMPORARY') as temporary,
  has_database_privilege(current_database(), 'CREATE') as create_schema,
  has_schema_privilege(n.oid, 'USAGE') as use_schema,
  has_schema_privilege(n.oid, 'CREATE') as create_tables,
  array(
    select format('rosterd.%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid))
    from pg_proc as p
    where p.pronamespace = n.oid and p.proname in ('release_permits', 'restore_permits', 'move_permits')
      and not has_function_privilege(p.oid, 'EXECUTE')
    order by p.proname
  ) as missing_functions
from (select) as one
left join pg_namespace as n on n.nspname = 'rosterd'
