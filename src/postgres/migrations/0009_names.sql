-- The feeds that name a user, and whether each feed calls the user active: {"students": true, "staff": false}
-- (docs/people.md#who-is-named). Existing users are not yet named by any feed.
alter table rosterd.users add column feeds jsonb not null default '{}'
  constraint users_feeds_check check (jsonb_typeof(feeds) = 'object');

-- The number of users whom the feed names; null if unknown.
alter table rosterd.known_state add column named bigint;
