-- Counts the permits that an import would release, for `check`.
select count(*) as permits_released
from rosterd.permits as p
where p.status = 'active' and (
  p.unique_id in (select unique_id from archived)
  [[or p.unique_id in (select new_id from plan where new_id is not null and unique_id in (select unique_id from archived))
  or p.unique_id in (select unique_id from missing where effect = 'merge' and merged_into in (select unique_id from archived))]]
)
