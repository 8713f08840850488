-- Counts the permits that an import would release, for `check`.
select count(*) as permits_released
from rosterd.permits as p join archived as a on a.unique_id = p.unique_id
where p.status = 'active'
