-- Reads one page of an import's held users. $1: the import's id; $2: the last unique_id of the previous page, or null;
-- $3: the limit.
select
  h.unique_id, h.line, h.line is null as missing, h.effect,
  case
    when i.hold_state = 'open' then null
    when c.unique_id is null or i.hold_state <> 'approved' then 'unchanged'
    else h.effect || 'd'
  end as outcome,
  u.login_source, u.first_name, u.last_name, u.user_name, u.email,
  (select count(*) from rosterd.permits as p where p.unique_id = h.unique_id and p.status = 'active') as permits
from rosterd.import_held as h
join rosterd.imports as i on i.id = h.import_id
left join rosterd.import_changes as c
  on c.import_id = h.import_id and c.unique_id = h.unique_id and c.changes ?| '{active, archived_at}'
left join rosterd.users as u on u.unique_id = h.unique_id
where h.import_id = $1 and ($2::text is null or h.unique_id > $2 collate "C")
order by h.unique_id
limit $3
