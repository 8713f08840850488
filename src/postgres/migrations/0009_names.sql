-- Which feeds name a user, and whether each says that they are active: {"students": true, "staff": false}
-- (docs/people.md#who-is-named). No user is named yet.
alter table rosterd.users add column feeds jsonb not null default '{}'
  constraint users_feeds_check check (jsonb_typeof(feeds) = 'object');

-- How many users the feed names; null if unknown.
alter table rosterd.known_state add column named bigint;
