-- Archives the users whom the import created. $1: the import's id.
update rosterd.users set active = false, archived_at = now(), inactive_since = null, updated_at = now()
where created_by_import = $1 and archived_at is null
