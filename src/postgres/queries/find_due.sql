-- Finds the users whose grace period is over, even if this file does not name them. The feed calls such users inactive,
-- and neither another feed nor any record in this file, not even a failed one, calls them active. $1:
-- release_permits_after_days.
insert into missing (unique_id, login_source, effect, was_active, loses, held, is_named, said, inactive_since, version)
select u.unique_id, u.login_source, 'archive', false, false, false, true, false, u.inactive_since, u.xmin
from rosterd.users as u
where u.inactive_since <= now() - make_interval(days => $1)
  and not u.active and u.archived_at is null and not @said and not @kept_active
  and u.unique_id not in (select unique_id from missing)
  and not exists (select from staged as s where s.unique_id = u.unique_id and s.active is distinct from '0')
  [[and not exists (select from staged as s where s.old_unique_id = u.unique_id)]]
