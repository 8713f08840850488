-- Finds values that differ from the user's in `fill_only_columns` (docs/file-format.md#fill-only-columns).
insert into overruled (line, unique_id, name, value, kept)
select s.line, s.unique_id, differing.name, differing.value, differing.kept
from staged as s
join rosterd.users as u on u.unique_id = s.unique_id
cross join lateral (values {{, |('@label', s.@name, @text)}}) as differing (name, value, kept)
where differing.value <> '' and differing.value <> differing.kept
  and s.problems is null and s.line not in (select line from repeats) and s.line not in (select line from taken)
