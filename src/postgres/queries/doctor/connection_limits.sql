-- The maximum number of connections of the role and of the database. -1 means no limit; a superuser never has a limit.
select
  quote_ident(current_user) as role,
  quote_ident(current_database()) as database,
  case when r.rolsuper then -1 else r.rolconnlimit end as of_role,
  case when r.rolsuper then -1 else d.datconnlimit end as of_database
from pg_roles as r, pg_database as d
where r.rolname = current_user and d.datname = current_database()
