-- Counts the users with a staged record whom the feed names. $1: the feed.
select count(*) as users from rosterd.users where feeds ? $1 and unique_id in (select unique_id from staged)
