-- Adds the tables of holds (docs/people.md#hold) and undo (docs/people.md#undo).

-- The import that created the user. For new users, an undo needs no other data.
alter table rosterd.users add column created_by_import bigint;

alter table rosterd.imports
  add column hold_state text constraint imports_hold_state_check check (hold_state in ('open', 'approved', 'discarded')),
  add column hold_reason text,
  add column hold_ended_at timestamptz;
create index imports_open_holds_idx on rosterd.imports (id) where hold_state = 'open';

-- The changes of each import to existing users, by column of rosterd.users: {"city": ["Ottawa", "Hull"]}.
create table rosterd.import_changes (
  import_id   bigint not null references rosterd.imports on delete cascade,
  unique_id   text collate "C" not null,
  changes     jsonb not null,
  lost_active boolean not null,
  changed_at  timestamptz not null default now(),
  primary key (import_id, unique_id)
);
-- For finding the users who lost access in the last 24 hours.
create index import_changes_lost_active_idx on rosterd.import_changes (changed_at) where lost_active;

-- Users whose loss of access the guard holds.
create table rosterd.import_held (
  import_id    bigint not null references rosterd.imports on delete cascade,
  unique_id    text collate "C" not null,
  -- The line of the record; null if the user is missing from the roster.
  line         bigint,
  effect       text not null constraint import_held_effect_check check (effect in ('archive', 'disable')),
  -- Later imports with a record that keeps this user. Up to a hundred imports are stored, because an undone import no
  -- longer counts.
  otherwise_by bigint[] not null default '{}',
  primary key (import_id, unique_id)
);
