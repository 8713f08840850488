-- The decisions about an import, each with its kind, admin, time and result (see Decision in src/domain/decision.ts).
alter table rosterd.imports add column if not exists decisions jsonb not null default '[]';
