-- Keeps the numbers for which the archive guard held users, beside the sentence (docs/people.md#archive-guard).
alter table rosterd.imports
  -- Who would have lost too much: see losses in decision.ts.
  add column if not exists hold_losses jsonb not null default '[]';
