-- Counts active users, per login source and in total.
select login_source, count(*) as active from rosterd.users where active group by grouping sets ((login_source), ())
