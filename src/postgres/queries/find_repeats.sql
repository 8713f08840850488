-- The same unique_id again (contract, section 2, "Repeated and taken"): the first record counts, also when it failed.
with repeated as (
  select unique_id, min(line) as first_line
  from staged
  where unique_id in (select key from suspects where what = 'unique_id')
  group by unique_id
  having count(*) > 1
)
insert into repeats (line, first_line, same)
select again.line, repeated.first_line, row({{, |again.@name}}, again.active) is not distinct from row({{, |first.@name}}, first.active)
from repeated
join staged as again on again.unique_id = repeated.unique_id and again.line > repeated.first_line
join staged as first on first.unique_id = repeated.unique_id and first.line = repeated.first_line
