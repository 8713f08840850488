-- Takes note of the users who were changed. Before the plan is made: who is changed later has a row that stays.
with changed as (delete from rosterd.changed_users returning unique_id)
insert into consumed select distinct unique_id from changed
