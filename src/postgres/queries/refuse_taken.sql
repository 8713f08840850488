-- Judges the claims on the end state (contract, section 2, "Repeated and taken"): the user who has a value and keeps it
-- wins, else the earliest line. Whoever is refused keeps what they had, and so takes it from the record that was to get it,
-- and so on: that is what the recursion follows, one index lookup a step (`offset 0` keeps the planner from joining all
-- claims anew in each step, which would take hours for a column that slipped by one line).
with recursive judged as (
  select claims.*, min(line) over (partition by what, key) as first_line from claims
),
refused as (
  select line from judged where (holder_id is not null and leaver_line is null) or line > first_line
  union
  select next.line
  from refused cross join lateral (select line from claims where leaver_line = refused.line offset 0) as next
)
insert into taken (line, what, owner_line, owner_id)
select line, what, case when not stays then first_line end, case when stays then holder_id end
from (
  select judged.*, holder_id is not null and (leaver_line is null or leaver.line is not null) as stays
  from judged
  left join refused as leaver on leaver.line = judged.leaver_line
) as claim
where stays or line > first_line
