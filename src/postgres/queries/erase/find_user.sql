-- Locks the user to erase. $1: the unique_id.
create temp table erasing on commit drop as
select u.*, exists (select from rosterd.permits as p where p.unique_id = u.unique_id and p.status = 'active') as has_permit
from rosterd.users as u
where u.unique_id = $1
for update of u nowait
