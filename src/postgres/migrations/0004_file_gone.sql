-- An import whose file was removed from .rosterd by somebody: nobody waits for it any more, neither a turn nor its mail.

alter table rosterd.imports add column file_gone_at timestamptz;

drop index if exists rosterd.imports_unfinished_idx;
create index imports_unfinished_idx on rosterd.imports (id)
  where taken_key is not null and bak_file is null and file_gone_at is null;
