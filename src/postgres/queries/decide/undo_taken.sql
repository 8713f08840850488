-- Excludes a user_name, email or unique_id from the undo if another user has the value and will keep it. Users whom the
-- import created give up their values. A user whose value is not restored keeps the current value, which can block
-- another user. The query is therefore repeated until it updates no more rows. $1: the import's id.
with owned as (
  select v.unique_id, v.name, owner.unique_id as owner_id, owner.created_by_import
  from undo_values as v
  join rosterd.users as owner on lower(owner.user_name collate "C") = lower(v.before collate "C")
  where v.name = 'user_name' and v.stays is null
  union all
  select v.unique_id, v.name, owner.unique_id, owner.created_by_import
  from undo_values as v
  join rosterd.users as owner on lower(owner.email collate "C") = lower(v.before collate "C")
  where v.name = 'email' and v.stays is null
  union all
  select v.unique_id, v.name, owner.unique_id, owner.created_by_import
  from undo_values as v
  join rosterd.users as owner on owner.unique_id = v.before
  where v.name = 'unique_id' and v.stays is null
)
update undo_values as v
set stays = format('%s is now taken by user "%s"', v.name, owned.owner_id)
from owned
where owned.unique_id = v.unique_id and owned.name = v.name
  and owned.owner_id <> v.unique_id and owned.created_by_import is distinct from $1
  and not exists (
    select from undo_values as leaver
    where leaver.unique_id = owned.owner_id and leaver.name = v.name and leaver.stays is null
  )
