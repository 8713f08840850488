-- Marks an import whose file another program removed from .rosterd. Turns and mails no longer wait for such an import.

alter table rosterd.imports add column file_gone_at timestamptz;

drop index if exists rosterd.imports_unfinished_idx;
create index imports_unfinished_idx on rosterd.imports (id)
  where taken_key is not null and bak_file is null and file_gone_at is null;
