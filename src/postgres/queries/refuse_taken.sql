-- Decides the claims by the state after the import (docs/file-format.md#taken-values). If a user keeps the value, that
-- user wins; otherwise, the earliest line wins. A user whose claim is refused keeps the old value, so another user's
-- claim to that value is also refused, and so on. The recursion follows this chain with one index lookup per step.
-- Without `offset 0`, the planner joins all claims in each step, which takes hours for a shifted column.
with recursive ranked as (
  select claims.*, min(line) over (partition by what, key) as first_line from claims
),
refused as (
  select line from ranked where (holder_id is not null and leaver_line is null) or line > first_line
  union
  select next.line
  from refused cross join lateral (select line from claims where leaver_line = refused.line offset 0) as next
)
insert into taken (line, what, owner_line, owner_id, owner_state)
select
  line, what, case when not stays then first_line end, case when stays then holder_id end, case when stays then holder_state end
from (
  select ranked.*, holder_id is not null and (leaver_line is null or leaver.line is not null) as stays
  from ranked
  left join refused as leaver on leaver.line = ranked.leaver_line
) as claim
where stays or line > first_line
