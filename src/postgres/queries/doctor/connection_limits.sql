-- Returns how many connections the role and the database allow. -1 means no limit, which is always the case for
-- superusers.
select
  quote_ident(current_user) as role,
  quote_ident(current_database()) as database,
  case when r.rolsuper then -1 else r.rolconnlimit end as of_role,
  case when r.rolsuper then -1 else d.datconnlimit end as of_database
from pg_roles as r, pg_database as d
where r.rolname = current_user and d.datname = current_database()
