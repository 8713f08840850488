-- Adds feeds, which are folders with separate settings (docs/upload-folder.md#feeds). "" is the upload folder itself.

alter table rosterd.imports add column feed text not null default '';

-- Whether the import is a trial, which is checked but not applied.
alter table rosterd.imports drop constraint if exists imports_status_check;
alter table rosterd.imports add constraint imports_status_check
  check (status in ('running', 'rejected', 'error', 'held', 'failed_records', 'done', 'checked'));

alter table rosterd.outbox drop constraint if exists outbox_kind_check;
alter table rosterd.outbox add constraint outbox_kind_check
  check (kind in ('failures', 'rejected', 'held', 'imported', 'checked', 'alert'));

-- The changes that a trial would have made: {"city": ["Ottawa", "Hull"]}. These changes are stored separately, so that
-- undo and the archive guard ignore them.
create table rosterd.trial_changes (
  import_id bigint not null references rosterd.imports on delete cascade,
  unique_id text collate "C" not null,
  outcome   text not null,
  columns   jsonb not null,
  primary key (import_id, unique_id)
);

-- Each feed has a separate log and state.
alter table rosterd.known_records add column feed text not null default '';
alter table rosterd.known_state add column feed text not null default '';
