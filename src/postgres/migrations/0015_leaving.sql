-- Adds erasure (docs/people.md#erasure) and the grace period (docs/people.md#grace-period).

-- The time since which a user without access waits to be archived; null if the user does not wait.
alter table rosterd.users add column inactive_since timestamptz;
create index users_inactive_since_idx on rosterd.users (inactive_since) where inactive_since is not null;

-- Pages keep free space for new versions of their rows, so that a change to other values needs no new index entries
-- (docs/decisions/search-index.md).
alter table rosterd.users set (fillfactor = 90);

-- The number of erased users among the users whom the import created or changed.
alter table rosterd.imports add column erased bigint not null default 0;

-- A log of erasures, with the number of erased users, the time and the admin. The log does not identify the users.
create table rosterd.erasures (
  id        bigint generated always as identity primary key,
  erased_at timestamptz not null default now(),
  erased_by text not null,
  users     bigint not null
);
