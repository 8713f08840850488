-- Adds erasure (docs/people.md#erasure) and the grace period (docs/people.md#grace-period).

-- Since when a user without access waits to be archived; null if they do not wait.
alter table rosterd.users add column inactive_since timestamptz;
create index users_inactive_since_idx on rosterd.users (inactive_since) where inactive_since is not null;

-- Room for new versions of rows beside the old ones, so that changes to other values need no entries in the indexes
-- (docs/decisions/search-index.md).
alter table rosterd.users set (fillfactor = 90);

-- How many of the users whom the import created or changed have been erased.
alter table rosterd.imports add column erased bigint not null default 0;

-- That users were erased, how many, when and by whom. It does not say who they were.
create table rosterd.erasures (
  id        bigint generated always as identity primary key,
  erased_at timestamptz not null default now(),
  erased_by text not null,
  users     bigint not null
);
