-- The unchanged-record cache compares the versions of rows. So the triggers that report changes are no longer needed
-- (src/postgres/import/unchanged_store.ts).

drop trigger if exists users_note_changed on rosterd.users;
drop trigger if exists users_forget_known on rosterd.users;
drop function if exists rosterd.note_changed_user();
drop function if exists rosterd.forget_known_records();
drop table rosterd.changed_users;
delete from rosterd.known_records;

-- This table has at most one row. Without the row, the log is ignored.
create table rosterd.known_state (
  -- The table of users and its columns, and the rows of the log.
  tie        text not null,
  log        text not null,
  -- For each bucket of users, a sum over their keys and row versions, 8 bytes each.
  sums       bytea not null,
  -- The xmin of this row. In a row restored from a dump, the real xmin differs from this value.
  written_by xid
);
