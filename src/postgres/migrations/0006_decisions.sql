-- The decisions about an import: what was decided, by whom and when, and the result (see Decision in
-- src/domain/decision.ts).
alter table rosterd.imports add column if not exists decisions jsonb not null default '[]';
