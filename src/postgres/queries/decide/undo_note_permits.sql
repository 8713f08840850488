-- Stores the numbers of the permits that the import released, because the undo removes the only other trace of them.
-- $1: the import's id.
update rosterd.import_changes as c
set permits_released = p.numbers
from (
  select unique_id, array_agg(permit_no order by permit_id) as numbers
  from rosterd.permits where released_by_import = $1 group by unique_id
) as p
where c.import_id = $1 and c.unique_id = p.unique_id
