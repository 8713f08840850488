-- Takes back what was written of users whose records are staged again. $1: the import.
with dropped as (delete from staged using again where again.unique_id = staged.unique_id),
uncreated as (
  delete from rosterd.users as u using again where again.unique_id = u.unique_id and u.created_by_import = $1 returning 1
)
select count(*) as uncreated from uncreated
