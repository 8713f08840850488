-- Locks the permits that are about to be released.
with wanted as (
  select permit_id from rosterd.permits where unique_id in (select unique_id from archived) and status = 'active'
),
locked as (
  select from rosterd.permits where permit_id in (select permit_id from wanted) for no key update nowait
)
select count(*) = (select count(*) from wanted) as complete from locked
