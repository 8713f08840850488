-- Permits that are not to come back are no longer the import's: of users who stay archived or are gone, and of those it created.
-- $1: the import.
update rosterd.permits as p
set released_by_import = null
where p.released_by_import = $1
  and (
    p.unique_id in (
      select s.unique_id from undo_states as s left join rosterd.users as u on u.unique_id = s.unique_id
      where s.stays is not null and (u.unique_id is null or u.archived_at is not null)
    )
    or p.unique_id in (select unique_id from rosterd.users where created_by_import = $1)
  )
