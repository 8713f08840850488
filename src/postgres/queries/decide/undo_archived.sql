-- Lists the users whom the import created; the undo releases their permits. $1: the import's id.
create temp table archived on commit drop as
select unique_id from rosterd.users where created_by_import = $1
