-- Stores digests of the records applied last, so that an import can skip records that are still the same
-- (docs/database.md#unchanged-record-cache).

-- A log that is stored in pieces. Each entry of 16 bytes is the key of a user and the digest of a record. Only the last
-- entry of a user counts.
create table rosterd.known_records (
  id      bigint generated always as identity primary key,
  entries integer not null,
  digests bytea not null
);
-- The pieces are stored without compression, because digests cannot be compressed.
alter table rosterd.known_records alter column digests set storage external;

-- Users whose log entry is out of date, because another program changed the user, or because the record was not fully
-- applied.
create table rosterd.changed_users (
  unique_id text collate "C" not null
);

-- Other programs need no rights on these tables.
create function rosterd.note_changed_user() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rosterd.changed_users (unique_id) values (old.unique_id);
  if tg_op = 'UPDATE' and new.unique_id <> old.unique_id then
    insert into rosterd.changed_users (unique_id) values (new.unique_id);
  end if;
  return null;
end
$$;

create function rosterd.forget_known_records() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rosterd.known_records;
  return null;
end
$$;

-- An import keeps its own log entries up to date. The triggers note all other changes, even in a session that disables
-- triggers.
create trigger users_note_changed after update or delete on rosterd.users
  for each row when (current_setting('rosterd.importing', true) is distinct from 'on')
  execute function rosterd.note_changed_user();
create trigger users_forget_known after truncate on rosterd.users
  for each statement execute function rosterd.forget_known_records();
alter table rosterd.users enable always trigger users_note_changed;
alter table rosterd.users enable always trigger users_forget_known;
