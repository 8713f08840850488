-- Finds repeated unique_ids. Only the first record of an id counts, even if it failed
-- (docs/file-format.md#repeated-ids).
with repeated as (
  select unique_id, min(line) as first_line
  from staged
  where unique_id in (select key from possible_duplicates where what = 'unique_id')
  group by unique_id
  having count(*) > 1
)
insert into repeats (line, first_line, same)
select later.line, repeated.first_line, row({{, |later.@name}}, [[later.old_unique_id, ]]later.active) is not distinct from row({{, |first.@name}}, [[first.old_unique_id, ]]first.active)
from repeated
join staged as later on later.unique_id = repeated.unique_id and later.line > repeated.first_line
join staged as first on first.unique_id = repeated.unique_id and first.line = repeated.first_line
