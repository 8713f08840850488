-- The users of a direct insert: there were none before. $2: the import.
select unique_id, xmin as version, 1 as sign from rosterd.users where created_by_import = $2
