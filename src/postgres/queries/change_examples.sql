-- For each of the given columns, lists the first few users whose value would change, with the value before and after.
-- $1: the columns as a JSON array; $2: the number of users for each column.
select name, unique_id, before, after
from (
  select name, unique_id, line, pair ->> 0 as before, pair ->> 1 as after,
    row_number() over (partition by name order by line) as nth
  from (select line, unique_id, changes from plan where changes is not null offset 0) as changed
  cross join lateral jsonb_each(changes) as change (name, pair)
  where pair ->> 0 is not null and name in (select jsonb_array_elements_text($1::text::jsonb))
) as example
where nth <= $2
order by name, nth
