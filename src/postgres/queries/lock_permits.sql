-- Locks the permits that are about to be released, in one order for all.
select from rosterd.permits
where unique_id in (select unique_id from archived) and status = 'active'
order by permit_id
for update
