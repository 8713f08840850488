-- Counts the records without a readable unique_id, and says whether any record is applied
-- (docs/people.md#missing-users).
select
  count(*) filter (where s.unique_id is null or s.problems::jsonb @> '[{"column": "unique_id"}]') as unreadable,
  min(s.line) filter (where s.unique_id is null or s.problems::jsonb @> '[{"column": "unique_id"}]') as first_line,
  exists (
    select from staged as good
    where good.problems is null and good.line not in (select line from repeats) and good.line not in (select line from taken)
  ) as applies
from staged as s
where s.problems is not null
