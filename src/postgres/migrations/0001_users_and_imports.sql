-- The first schema: users, permits, the history of imports, and waiting mail (docs/database.md).
-- Never change the effect of a released migration: add a migration with the next number instead.

create table rosterd.users (
  unique_id            text collate "C" primary key,
  login_source         text not null,
  first_name           text,
  last_name            text,
  user_name            text,
  email                text,
  street               text,
  city                 text,
  province             text,
  postal_code          text,
  street2              text,
  city2                text,
  state2               text,
  zip2                 text,
  phone_cell           text,
  user_type_id         text,
  employ_no            text,
  employee_phone       text,
  student_no           text,
  student_phone        text,
  drivers_license_num  text,
  drivers_license_prov text,
  date_of_birth        date,
  locker_user_type_id  text,
  active               boolean not null default true,
  archived_at          timestamptz,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now(),
  constraint users_archived_are_inactive check (archived_at is null or not active)
);

-- Ignores the case of A to Z only, whatever the database's collation (docs/file-format.md#taken-values).
create unique index users_user_name_key on rosterd.users (lower(user_name collate "C"));
create unique index users_email_key on rosterd.users (lower(email collate "C"));

-- Other programs create permits; rosterd only releases and restores permits.
create table rosterd.permits (
  permit_id          bigint generated always as identity primary key,
  permit_no          text,
  unique_id          text collate "C",
  status             text not null default 'active'
    constraint permits_status_check check (status in ('active', 'released', 'expired', 'void', 'lost')),
  released_at        timestamptz,
  released_by_import bigint
);
create index permits_unique_id_idx on rosterd.permits (unique_id);
create index permits_released_by_import_idx on rosterd.permits (released_by_import) where released_by_import is not null;
create index permits_permit_no_idx on rosterd.permits (permit_no);

create table rosterd.imports (
  id               bigint generated always as identity primary key,
  file             text not null,
  -- The KEY of the folder .rosterd/KEY/ with the claimed upload; null for `rosterd import FILE`.
  taken_key        text unique,
  -- Only this column says whether the file was applied. Every value except running and error is final.
  status           text not null default 'running'
    constraint imports_status_check check (status in ('running', 'rejected', 'error', 'held', 'failed_records', 'done')),
  reason           jsonb,
  warnings         jsonb not null default '[]',
  records          bigint not null default 0,
  created          bigint not null default 0,
  updated          bigint not null default 0,
  unchanged        bigint not null default 0,
  archived         bigint not null default 0,
  reactivated      bigint not null default 0,
  held             bigint not null default 0,
  skipped          bigint not null default 0,
  failed           bigint not null default 0,
  permits_released bigint not null default 0,
  missing_archived bigint not null default 0,
  missing_held     bigint not null default 0,
  sha256           text,
  bytes            bigint,
  encoding         text,
  delimiter        text,
  settings         jsonb not null,
  started_at       timestamptz not null default now(),
  finished_at      timestamptz,
  undone_at        timestamptz,
  -- The time when retention deleted the files in bak, the failures and the undo data (docs/upload-folder.md#retention).
  cleared_at       timestamptz,
  -- The steps outside the database that were completed after the commit, so that a restart continues at the right step.
  bak_file         text,
  failed_file      text,
  mail             text not null default 'none'
    constraint imports_mail_check check (mail in ('none', 'waiting', 'sent', 'failed', 'not_configured'))
);
create index imports_unfinished_idx on rosterd.imports (id) where taken_key is not null and bak_file is null;

create table rosterd.import_failures (
  import_id bigint not null references rosterd.imports on delete cascade,
  line      bigint not null,
  unique_id text,
  problems  jsonb not null,
  primary key (import_id, line)
);

-- Waiting and past mail, written in the transaction of its import.
create table rosterd.outbox (
  id          bigint generated always as identity primary key,
  import_id   bigint references rosterd.imports on delete cascade,
  kind        text not null constraint outbox_kind_check check (kind in ('failures', 'rejected', 'held', 'imported', 'alert')),
  -- For an alert, which has no import: {"subject", "text"}; for a mail in a digest: {"digest": Message-ID}.
  content     jsonb,
  message_id  text not null unique,
  created_at  timestamptz not null default now(),
  tries       integer not null default 0,
  next_try_at timestamptz not null default now(),
  sent_at     timestamptz,
  gave_up_at  timestamptz,
  last_error  text
);
create index outbox_waiting_idx on rosterd.outbox (next_try_at) where sent_at is null and gave_up_at is null;
