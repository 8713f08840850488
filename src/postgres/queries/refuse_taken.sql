-- Judges the claims on the end state (contract, section 2, "Repeated and taken"): the user who has a value and keeps it
-- wins, else the earliest line. Whoever is refused keeps what they had, and so takes it from the record that was to get it,
-- and so on: that is what the recursion follows.
with recursive judged as (
  select claims.*, min(line) over (partition by what, key) as first_line from claims
),
refused as (
  select line from judged where (holder_id is not null and leaver_line is null) or line > first_line
  union
  select next.line from refused join claims as next on next.leaver_line = refused.line
)
insert into taken (line, what, owner_line, owner_id)
select line, what, case when not stays then first_line end, case when stays then holder_id end
from judged
cross join lateral (
  select holder_id is not null and (leaver_line is null or leaver_line in (select line from refused)) as stays
) as holder
where stays or line > first_line
