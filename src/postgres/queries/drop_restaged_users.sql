-- Deletes the staged records and new rows of users whose records will be staged again. $1: the import's id.
with dropped as (delete from staged using restaged_users as r where r.unique_id = staged.unique_id),
uncreated as (
  delete from rosterd.users as u using restaged_users as r where r.unique_id = u.unique_id and u.created_by_import = $1 returning 1
)
select count(*) as uncreated from uncreated
