-- Takes note of the users who were changed. Before the plan is made: who is changed later has a row that stays.
create temp table consumed (
  unique_id text collate "C" primary key
) on commit drop;
with changed as (delete from rosterd.changed_users returning unique_id)
insert into consumed select distinct unique_id from changed returning unique_id
