-- Adds columns for comparing failures with the failures of the feed's earlier imports
-- (docs/mail.md#new-and-known-failures).

alter table rosterd.import_failures
  -- A hash for each problem, over its column, code and value.
  add column if not exists keys bigint[],
  -- The user's name in the roster, for the mail.
  add column if not exists name text,
  -- The start of the import that first reported this failure. Null for imports by earlier versions of rosterd.
  add column if not exists since timestamptz,
  -- The feed whose latest file about the user had this failure; null after a later file of the feed has named the user.
  add column if not exists open_feed text collate "C";
create index if not exists import_failures_open_idx on rosterd.import_failures
  (open_feed, coalesce(unique_id, keys[1]::text) collate "C") where open_feed is not null;

alter table rosterd.imports add column if not exists failed_new bigint not null default 0;
alter table rosterd.imports add column if not exists failed_fixed bigint not null default 0;
update rosterd.imports set failed_new = failed where failed > 0;

alter table rosterd.outbox drop constraint if exists outbox_kind_check;
alter table rosterd.outbox add constraint outbox_kind_check
  check (kind in ('failures', 'rejected', 'held', 'imported', 'checked', 'decided', 'alert'));
