-- Selects the users created by a direct insert into the previously empty table. $2: the import's id.
select unique_id, xmin as version, 1 as sign, unique_id as current_id from rosterd.users where created_by_import = $2
