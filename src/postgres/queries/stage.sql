-- The tables of one import. They live as long as its transaction.
--
-- staged: one row a record. All values are text, so that COPY cannot refuse one. null: the user keeps what is there;
-- '': it is cleared. `problems` is what the checks found, as JSON; null: nothing.
create temp table staged (
  line      bigint not null,
  problems  text,
  unique_id text collate "C",
  {{, |@name text}},
  active    text
) on commit drop;

-- suspects: every unique_id, user_name and email (folded) that the file may have twice; a few that it has once.
create temp table suspects (
  what text not null,
  key  text collate "C" not null
) on commit drop;

-- repeats: records whose unique_id an earlier record has.
create temp table repeats (
  line       bigint primary key,
  first_line bigint not null,
  same       boolean not null
) on commit drop;

-- plan: what each good record would change of the user it names. A record that changes nothing is not here.
create temp table plan (
  line             bigint not null,
  unique_id        text collate "C" not null,
  -- create, create_archived, archive, disable, enable, reactivate; null: only values differ.
  transition       text,
  -- Whether the user would lose `active`; and what is held back of it: archive or disable.
  loses            boolean not null,
  held             text,
  -- The values that differ from the user's, column by column: {"city": ["Ottawa", "Hull"]}; null: none.
  changes          jsonb,
  -- The row of the user that the plan saw, null where there is none; and since when the user is archived.
  version          xid,
  archived_at      timestamptz,
  -- A user_name or email, folded, that the user does not have yet; and whether the one the user has is given up.
  claims_user_name text collate "C",
  leaves_user_name boolean not null,
  claims_email     text collate "C",
  leaves_email     boolean not null
) on commit drop;

-- claims: values that a record wants for its user and that somebody else has or wants too. Who has it now, and the line that
-- says they give it up; null: they keep it.
create temp table claims (
  line        bigint not null,
  what        text not null,
  key         text collate "C" not null,
  holder_id   text collate "C",
  leaver_line bigint
) on commit drop;
create index on claims (leaver_line);

-- taken: claims that are refused, and whose the value is.
create temp table taken (
  line       bigint not null,
  what       text not null,
  owner_line bigint,
  owner_id   text,
  primary key (line, what)
) on commit drop;

-- missing: users who are absent from the roster and are to be archived, unless they are held.
create temp table missing (
  unique_id    text collate "C" not null,
  login_source text not null,
  loses        boolean not null,
  held         boolean not null,
  version      xid not null
) on commit drop;

-- archived: who is archived by this import.
create temp table archived (
  unique_id text collate "C" not null
) on commit drop
