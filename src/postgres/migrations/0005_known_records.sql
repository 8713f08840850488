-- The records that were applied last, so that the same ones are passed over the next time (src/importer/known_records.ts).

-- A log: pieces of entries of 16 bytes, the key of a user and the digest of a record. Of one user the last entry counts.
create table rosterd.known_records (
  id      bigint generated always as identity primary key,
  entries integer not null,
  digests bytea not null
);
-- Digests cannot be made smaller.
alter table rosterd.known_records alter column digests set storage external;

-- Users of whom the log says nothing any more: somebody else changed them, or their record was not wholly applied.
create table rosterd.changed_users (
  unique_id text collate "C" not null
);

-- Others need no right to these tables.
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

-- An import keeps account of what it changes itself. Everybody else is noted, whatever they switch off.
create trigger users_note_changed after update or delete on rosterd.users
  for each row when (current_setting('rosterd.importing', true) is distinct from 'on')
  execute function rosterd.note_changed_user();
create trigger users_forget_known after truncate on rosterd.users
  for each statement execute function rosterd.forget_known_records();
alter table rosterd.users enable always trigger users_note_changed;
alter table rosterd.users enable always trigger users_forget_known;
