-- Finds values in the roster that differ from the user's values but are not applied, because of `fill_only_columns`
-- (docs/file-format.md#fill-only-columns) or because of another feed (docs/people.md#different-values).
insert into overruled (line, unique_id, name, value, kept)
select s.line, s.unique_id, differing.name, differing.value, differing.kept
from staged as s
join rosterd.users as u on u.unique_id = @user
cross join lateral (values {{, |('@label', s.@name, @text, @staged)}}) as differing (name, value, kept, staged)
where differing.value <> differing.kept and differing.staged is null
  and s.problems is null and s.line not in (select line from repeats) and s.line not in (select line from taken)
