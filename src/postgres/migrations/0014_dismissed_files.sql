-- An admin can declare files in bak known although the database has no import of them. All files with this time of
-- import in their name, or an earlier time, count as known.
create table rosterd.dismissed_files (
  feed            text primary key,
  dismissed_until timestamptz not null,
  dismissed_by    text not null
);
