-- Creates the tables of an import. Each commit empties or drops these tables (import_transaction.ts).
--
-- staged: one row per record. All values are text, so that COPY cannot refuse any of them. null keeps the user's value,
-- and '' clears it. `problems` is JSON, or null if the record has no problems.
create temp table staged (
  line      bigint not null,
  problems  text,
  unique_id text collate "C",
  {{, |@name text}},
  active    text,
  -- The old id in the record, and the same id in known_id if this import renames the user (find_old_ids.sql).
  old_unique_id text collate "C",
  known_id      text collate "C"
) on commit drop;

-- possible_duplicates: every unique_id, user_name and email (case-folded) that the file may contain twice. Some values
-- are listed more than once.
create temp table possible_duplicates (
  what text not null,
  key  text collate "C" not null
) on commit drop;

-- repeats: records whose unique_id also occurs in an earlier record.
create temp table repeats (
  line       bigint primary key,
  first_line bigint not null,
  same       boolean not null
) on commit drop;

-- plan: the changes that each valid record would make. A record without changes has no row.
create temp table plan (
  line             bigint not null,
  -- The user's id before the import, and the new one if the user is renamed.
  unique_id        text collate "C" not null,
  new_id           text collate "C",
  -- One of create, create_archived, archive, disable, enable, reactivate; null if only values differ.
  transition       text,
  -- Whether the user would lose access, and which transition is held: archive or disable.
  loses            boolean not null,
  held             text,
  -- Whether another feed preserves the access that this record would take away.
  kept             boolean not null,
  -- said: whether the feed has called the user active until now; null if it has not named the user. says: whether it
  -- does so from now on; null if that is unchanged or the user is new.
  said             boolean,
  says             boolean,
  -- The changed values by column, such as {"city": ["Ottawa", "Hull"]}; null if no values change.
  changes          jsonb,
  -- The xmin of the user's row (null for a new user) and the time when the user was archived.
  version          xid,
  archived_at      timestamptz,
  -- Whether the user begins waiting to be archived, and since when a user without access has been waiting.
  waits            boolean not null,
  inactive_since   timestamptz,
  -- A new user_name or email (case-folded), and whether the user gives up the old value.
  claims_user_name text collate "C",
  leaves_user_name boolean not null,
  claims_email     text collate "C",
  leaves_email     boolean not null
) on commit drop;

-- overruled: roster values that are not applied. `kept` is the user's value or, for `unique_id`, the known id with
-- leading zeros.
create temp table overruled (
  line      bigint not null,
  unique_id text collate "C" not null,
  name      text not null,
  value     text not null,
  kept      text not null
) on commit drop;

-- claims: claims to values that another user has or another record may also claim. holder_id: the user who has the
-- value. leaver_line: the line on which that user gives it up, or null. giver_id: the archived user who has the value
-- and gives it up to this claim.
create temp table claims (
  line          bigint not null,
  what          text not null,
  key           text collate "C" not null,
  holder_id     text collate "C",
  -- One of active, disabled and archived.
  holder_state  text,
  leaver_line   bigint,
  giver_id      text collate "C",
  giver_version xid
) on commit drop;
create index on claims (leaver_line);

-- taken: refused claims, with the owner of the value.
create temp table taken (
  line        bigint not null,
  what        text not null,
  owner_line  bigint,
  owner_id    text,
  owner_state text,
  primary key (line, what)
) on commit drop;

-- missing: users whom the feed named before but this file does not, users whose grace period is over, and users whom
-- the file merges into others.
create temp table missing (
  unique_id      text collate "C" not null,
  login_source   text not null,
  -- One of archive, disable (the grace period begins), merge, kept (another feed calls the user active) and none (the
  -- user is already archived).
  effect         text not null,
  was_active     boolean not null,
  -- Whether the archive guard counts the user as losing access. It does not count merges.
  loses          boolean not null,
  held           boolean not null,
  -- Whether the feed calls the user inactive from now on. Otherwise, the feed no longer names the user, unless the user
  -- is held.
  is_named       boolean not null,
  said           boolean,
  -- These columns have the same meaning as in `plan`.
  inactive_since timestamptz,
  version        xid not null,
  -- The line and unique_id of the record that merges the user.
  line           bigint,
  merged_into    text collate "C"
) on commit drop;

-- unmet: the keys of users whom the feed names and whose records were not skipped. Empty if no records were skipped.
create temp table unmet (
  key bigint not null
) on commit drop;

-- archived: users whom this import archives.
create temp table archived (
  unique_id text collate "C" not null
) on commit drop
