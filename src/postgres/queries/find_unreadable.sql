-- Counts the records without a readable unique_id, and tells whether any record will be applied
-- (docs/people.md#missing-users).
select
  count(*) filter (where is_unreadable) as unreadable,
  min(s.line) filter (where is_unreadable) as first_line,
  exists (
    select from staged as good
    where good.problems is null and good.line not in (select line from repeats) and good.line not in (select line from taken)
  ) as applies
from staged as s
cross join lateral (
  select s.unique_id is null or s.problems::jsonb @> '[{"column": "unique_id"}]'
    [[or (s.problems::jsonb @> '[{"column": "old_unique_id"}]' and not s.problems::jsonb @> '[{"column": "old_unique_id", "code": "9022"}]')]]
    as is_unreadable
) as one
where s.problems is not null
