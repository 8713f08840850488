-- An admin can declare files in bak known although the database has no import of them. This applies to files whose name
-- has this time of import or an earlier one.
create table rosterd.dismissed_files (
  feed            text primary key,
  dismissed_until timestamptz not null,
  dismissed_by    text not null
);
