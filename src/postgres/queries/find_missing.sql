-- Finds the users whom the feed named before but this file does not name. A user with a failed record is not missing,
-- and neither is a user whose id is the old id in a record. $1: whether records were skipped, so that only users in
-- `unmet` may be missing. $2: release_permits_after_days. Users who are still waiting are left out.
insert into missing (unique_id, login_source, effect, was_active, loses, held, is_named, said, inactive_since, version)
select
  u.unique_id, u.login_source, outcome.effect, u.active, outcome.effect in ('archive', 'disable') and u.active, false,
  outcome.effect = 'disable', @said, case when not u.active then u.inactive_since end, u.xmin
from rosterd.users as u
cross join lateral (
  select case
    when u.archived_at is not null then 'none'
    when @kept_active then 'kept'
    when $2 = 0 then 'archive'
    when u.active or u.inactive_since is null or @said then 'disable'
    when u.inactive_since <= now() - make_interval(days => $2) then 'archive'
  end as effect
) as outcome
where u.feeds ? @feed and outcome.effect is not null
  and (not $1 or hashtextextended(u.unique_id collate "C", 0) in (select key from unmet))
  and not exists (select from staged as s where s.unique_id = u.unique_id)
  [[and not exists (select from staged as s where s.old_unique_id = u.unique_id)]]
