-- Permits that are not to come back are no longer the import's: of users who stay archived, and of those it created. $1: the
-- import.
update rosterd.permits as p
set released_by_import = null
where p.released_by_import = $1
  and (p.unique_id in (select unique_id from undo_states where stays is not null)
    or p.unique_id in (select unique_id from rosterd.users where created_by_import = $1))
