-- One page of an import's held users. $1: the import; $2: the unique_id before the page, or null; $3: how many rows.
select
  h.unique_id, h.line, h.line is null as missing, h.effect,
  u.login_source, u.first_name, u.last_name, u.user_name, u.email,
  (select count(*) from rosterd.permits as p where p.unique_id = h.unique_id and p.status = 'active') as permits
from rosterd.import_held as h
left join rosterd.users as u on u.unique_id = h.unique_id
where h.import_id = $1 and ($2::text is null or h.unique_id > $2 collate "C")
order by h.unique_id
limit $3
