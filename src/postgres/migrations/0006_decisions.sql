-- What people decided about an import afterwards, who and when, and what it came to: see Decision in src/domain/decision.ts.
alter table rosterd.imports add column if not exists decisions jsonb not null default '[]';
