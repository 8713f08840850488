-- Locks users who have been archived for longer than the setting allows, except users with an active permit. $1: days;
-- $2: the limit; $3: users to leave out, as JSON.
create temp table erasing on commit drop as
select u.*
from rosterd.users as u
where u.archived_at < now() - make_interval(days => $1)
  and not exists (select from rosterd.permits as p where p.unique_id = u.unique_id and p.status = 'active')
  and u.unique_id not in (select jsonb_array_elements_text($3::text::jsonb))
order by u.archived_at, u.unique_id
limit $2
for update of u skip locked
