-- Updates users who only gain or lose access.
update rosterd.users as u
set
  active = p.transition not in ('archive', 'disable'),
  archived_at = case when p.transition = 'archive' then now() when p.transition = 'reactivate' then null else u.archived_at end,
  updated_at = now()
from plan as p
where u.unique_id = p.unique_id and p.changes is null and p.version is not null and p.transition is not null
