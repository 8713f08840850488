-- Lists the values that were not restored, with the reason, ordered by user. $1: the import's id; $2: the limit.
select unique_id, reason, count(*) over () as total
from (
  select unique_id, stays as reason from undo_values where stays is not null
  union
  select unique_id, stays from undo_states where stays is not null
  union
  select unique_id, stays from undo_words where stays is not null
  union
  select coalesce(unique_id, ''), format(
    case status when 'released' then 'permit "%s" stays released: another active permit has its number'
      else 'permit "%s" stays as it is: it has changed since' end, permit_no)
  from rosterd.permits where released_by_import = $1
  union
  select coalesce(p.unique_id, ''), format('permit "%s" stays as it is: it has changed since', p.permit_no)
  from rosterd.moved_permits as m join rosterd.permits as p on p.permit_id = m.permit_id
  where m.import_id = $1
  union all
  -- The list cannot name erased users, because no trace of them remains.
  select '', 'the user has been erased' from rosterd.imports cross join generate_series(1, erased) where id = $1
) as stayed
order by unique_id, reason
limit $2
