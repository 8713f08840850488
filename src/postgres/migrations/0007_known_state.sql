-- The unchanged-record cache compares the versions of rows. It no longer needs triggers to report changes
-- (src/postgres/import/unchanged_store.ts).

drop trigger if exists users_note_changed on rosterd.users;
drop trigger if exists users_forget_known on rosterd.users;
drop function if exists rosterd.note_changed_user();
drop function if exists rosterd.forget_known_records();
drop table rosterd.changed_users;
delete from rosterd.known_records;

-- One row, or none, in which case the log is ignored.
create table rosterd.known_state (
  -- Identify the users table with its columns, and the rows of the log.
  tie        text not null,
  log        text not null,
  -- For each bucket of users, a sum over their keys and row versions, 8 bytes each.
  sums       bytea not null,
  -- The row's own xmin. A row restored from a dump has a different one.
  written_by xid
);
