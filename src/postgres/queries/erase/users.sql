-- Removes the users. Detaches their former permits, so that no undo restores them. $1: the admin or the setting that
-- erases the users.
with permits as (
  update rosterd.permits as p set unique_id = null, released_by_import = null
  from erasing as e where e.unique_id = p.unique_id
),
users as (delete from rosterd.users as u using erasing as e where e.unique_id = u.unique_id)
insert into rosterd.erasures (erased_by, users) select $1, count(*) from erasing having count(*) > 0
