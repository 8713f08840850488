-- The files in bak that an admin has declared known, although no import put them there: those that were imported, as
-- their names say, at this time or before.
create table rosterd.dismissed_files (
  feed            text primary key,
  dismissed_until timestamptz not null,
  dismissed_by    text not null
);
