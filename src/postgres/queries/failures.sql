-- Lists the failed records as they were staged, with all their problems in column order. `keyed` also contains the hash
-- of a malformed record's text.
select f.line, f.unique_id, f.keyed #- '{0,key}' as problems, f.keyed, f.record, f.name
from (
  select
    s.line, s.unique_id, s as record,
    nullif(concat_ws(' ', nullif(s.first_name, ''), nullif(s.last_name, '')), '') as name,
    coalesce(
      (
        select jsonb_agg(jsonb_build_object('column', 'unique_id', 'code', '9022', 'reason',
          format('unique_id "%s" is already on line %s, with different values', s.unique_id, r.first_line)))
        from repeats as r where r.line = s.line
      ), '[]'
    ) || coalesce(s.problems::jsonb, '[]') || coalesce(
      (
        select jsonb_agg(jsonb_build_object('column', t.what, 'code', case t.what when 'email' then '9019' else '9020' end, 'reason',
          format('%s "%s" is taken by %s', t.what, case t.what when 'email' then s.email else s.user_name end,
            coalesce('the record on line ' || t.owner_line, format('user "%s", who is %s', t.owner_id, t.owner_state))))
          order by t.what desc)
        from taken as t where t.line = s.line
      ), '[]'
    ) as keyed
  from staged as s
  where (s.problems is not null or s.line in (select line from taken) or s.line in (select line from repeats))
    and not exists (select from repeats as r where r.line = s.line and r.same)
  -- With this clause, PostgreSQL computes the problems once per record instead of once per use.
  offset 0
) as f
