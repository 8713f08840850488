-- Counts, by column, the known users whose value would be overwritten or cleared (docs/people.md#change-guard). Filling
-- an empty value does not count. $1: the number of users above which a column is listed.
select name, count(*) as users
from (select changes from plan where changes is not null offset 0) as changed
cross join lateral jsonb_each(changes) as change (name, pair)
where pair ->> 0 is not null
group by name
having count(*) > $1
