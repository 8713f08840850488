-- The unchanged-record cache compares the versions of rows. It needs no triggers that report changes
-- (src/postgres/import/unchanged_store.ts).

drop trigger if exists users_note_changed on rosterd.users;
drop trigger if exists users_forget_known on rosterd.users;
drop function if exists rosterd.note_changed_user();
drop function if exists rosterd.forget_known_records();
drop table rosterd.changed_users;
delete from rosterd.known_records;

-- One row, or none; without it, the log is ignored.
create table rosterd.known_state (
  -- The table of users and its columns, and the rows of the log.
  tie        text not null,
  log        text not null,
  -- For each bucket of users, a sum over their keys and row versions, 8 bytes each.
  sums       bytea not null,
  -- This row's own xmin; it differs in a row restored from a dump.
  written_by xid
);
