-- Users who were changed and of whom this import kept no record stay unknown.
insert into rosterd.changed_users
select unique_id from consumed
where unique_id not in (select unique_id from staged where problems is null and unique_id is not null)
