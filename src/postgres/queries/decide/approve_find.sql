-- The users whom an approval would change. `left_out` tells why a user is left out. $1: the import's id.
create temp table deciding on commit drop as
select
  h.unique_id, h.effect, u.login_source,
  case
    when u.unique_id is null then 'the user no longer exists'
    when later.id is not null then format('a later roster says otherwise (import %s, "%s")', later.id, later.file)
    when u.archived_at is not null then 'the user is already archived'
    when h.effect = 'disable' and not u.active then 'the user is no longer active'
  end as left_out
from rosterd.import_held as h
left join rosterd.users as u on u.unique_id = h.unique_id
left join lateral (
  select id, file from rosterd.imports where id = any (h.otherwise_by) and undone_at is null order by id desc limit 1
) as later on true
where h.import_id = $1
