-- Finds the users whom the feed named, but this file does not. A user with a failed record is not missing, nor
-- is one whose id a record gives as its old one.
-- $1: whether records were skipped, so that only users in `unmet` may be missing.
insert into missing (unique_id, login_source, effect, was_active, loses, held, said, version)
select u.unique_id, u.login_source, outcome.effect, u.active, outcome.effect = 'archive' and u.active, false, @said, u.xmin
from rosterd.users as u
cross join lateral (
  select case when u.archived_at is not null then 'none' when @kept_active then 'kept' else 'archive' end as effect
) as outcome
where u.feeds ? @feed
  and (not $1 or hashtextextended(u.unique_id collate "C", 0) in (select key from unmet))
  and not exists (select from staged as s where s.unique_id = u.unique_id)
  [[and not exists (select from staged as s where s.old_unique_id = u.unique_id)]]
