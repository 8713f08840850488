-- Active users, per login source and in all.
select login_source, count(*) as active from rosterd.users where active group by grouping sets ((login_source), ())
