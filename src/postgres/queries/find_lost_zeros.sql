-- Refuses new users whose unique_id equals a known unique_id without its leading zeros, because a spreadsheet has
-- probably removed them (docs/file-format.md#damaged-values). An id that matches several known ids with different
-- numbers of zeros is ambiguous and therefore accepted.
with candidates as materialized (
  select line, unique_id from plan where transition in ('create', 'create_archived') and unique_id ~ '^[1-9][0-9]*$'
),
lengths as materialized (
  select distinct length(unique_id) as length from rosterd.users
  where exists (select from candidates) and unique_id >= '0' and unique_id < '1' and unique_id ~ '^[0-9]+$'
),
found as materialized (
  select c.line, c.unique_id, min(u.unique_id) as known
  from candidates as c
  join lengths as l on l.length > length(c.unique_id)
  join rosterd.users as u on u.unique_id = lpad(c.unique_id, l.length, '0')
  group by c.line, c.unique_id
  having count(*) = 1
),
refused as (
  update staged set problems = jsonb_build_array(jsonb_build_object('column', 'unique_id', 'code', '9033', 'reason',
    format('unique_id "%s" looks like %s without its leading zeros: enter the unique_id with its zeros', f.unique_id, f.known)))::text
  from found as f where staged.line = f.line
),
dropped as (delete from plan using found as f where plan.line = f.line),
noted as (insert into overruled (line, unique_id, name, value, kept) select line, unique_id, 'unique_id', unique_id, known from found)
select
  count(*) as count,
  coalesce((select format('unique_id "%s", which looks like %s without its leading zeros', unique_id, known) from found order by line limit 1), '') as example
from found
