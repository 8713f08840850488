-- Counts the users whom the feed names and who have a staged record. $1: the feed.
select count(*) as users from rosterd.users where feeds ? $1 and unique_id in (select unique_id from staged)
