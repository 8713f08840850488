-- Lists the users whom this import archives.
insert into archived (unique_id)
select unique_id from plan where transition in ('archive', 'create_archived')
union all
select unique_id from missing where not held and effect = 'archive'
