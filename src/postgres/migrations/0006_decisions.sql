-- What was decided about an import afterwards, by whom, when, and with what result: see Decision in
-- src/domain/decision.ts.
alter table rosterd.imports add column if not exists decisions jsonb not null default '[]';
