-- Reads the current state of the users table and the state stored by the last import of this feed. The lock prevents
-- other programs from altering the table and its columns, but not from changing rows.
lock table rosterd.users in access share mode;
select
  -- Null if rows may change without a new row version, or may belong to other tables.
  (
    select case
      when c.relkind = 'r' and a.amname = 'heap'
        and not exists (select from pg_inherits where inhparent = c.oid)
        and not exists (
          select from pg_attribute as f join pg_type as t on t.oid = f.atttypid
          where f.attrelid = c.oid and (f.attgenerated <> '' or t.typnamespace <> 'pg_catalog'::regnamespace)
        )
      then (
        select md5(concat_ws(' ', c.oid, string_agg(concat_ws(' ', attnum, attname, atttypid, atttypmod, attcollation, xmin), ',' order by attnum)))
        from pg_attribute where attrelid = c.oid
      )
    end
    from pg_class as c join pg_am as a on a.oid = c.relam
    where c.oid = 'rosterd.users'::regclass
  ) as tie,
  -- The class UserKey must compute the same value as this expression.
  hashtextextended('rosterd' collate "C", 0)::text as probe,
  pg_relation_size('rosterd.users') as bytes,
  ({{log}}) as log,
  (select count(*) from rosterd.known_records where feed = $1) as pieces,
  (select coalesce(sum(entries), 0)::bigint from rosterd.known_records where feed = $1) as entries,
  (select count(*) from rosterd.known_state where feed = $1) as states,
  (select tie from rosterd.known_state where feed = $1 and xmin = written_by limit 1) as known_tie,
  (select log from rosterd.known_state where feed = $1 and xmin = written_by limit 1) as known_log,
  (select named from rosterd.known_state where feed = $1 and xmin = written_by limit 1) as known_named,
  (select encode(sums, 'base64') from rosterd.known_state where feed = $1 and xmin = written_by limit 1) as known_sums
