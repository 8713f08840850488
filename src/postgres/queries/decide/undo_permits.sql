-- Excludes permits from the undo if their users remain archived, no longer exist or were created by the import. $1: the
-- import's id.
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
