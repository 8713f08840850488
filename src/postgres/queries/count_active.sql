-- Counts the active users of each login source, all active users, and those whom the feed names. The last count
-- includes known users whom the feed first names in this file.
select null as feed, login_source, count(*) as active from rosterd.users where active group by grouping sets ((login_source), ())
union all
select @feed, null, count(*)
from rosterd.users as u
where active and @several
  and (u.feeds ? @feed or exists (select from plan where unique_id = u.unique_id and said is null and says is not null))
having @several
