-- Lists the rights that the role lacks on each existing table. $1: the required rights, {"users": ["SELECT", …], …}.
select
  wanted.name,
  quote_ident(pg_get_userbyid(c.relowner)) as owner,
  pg_has_role(c.relowner, 'USAGE') as owned,
  row_security_active(c.oid) as hides_rows,
  array(
    select one from jsonb_array_elements_text(wanted.rights) as one where not has_table_privilege(c.oid, one)
  ) as lacking
from jsonb_each($1::text::jsonb) as wanted (name, rights)
join pg_class as c on c.relname = wanted.name and c.relnamespace = (select oid from pg_namespace where nspname = 'rosterd')
order by wanted.name
