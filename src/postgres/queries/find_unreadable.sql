-- Whether the roster is surely whole (contract, section 3, "Missing users"): records whose unique_id could not be read, and
-- whether any record is applied.
select
  count(*) filter (where s.unique_id is null or s.problems::jsonb @> '[{"column": "unique_id"}]') as unreadable,
  min(s.line) filter (where s.unique_id is null or s.problems::jsonb @> '[{"column": "unique_id"}]') as first_line,
  exists (
    select from staged as good
    where good.problems is null and good.line not in (select line from repeats) and good.line not in (select line from taken)
  ) as applies
from staged as s
where s.problems is not null
