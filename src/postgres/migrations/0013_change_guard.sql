-- Adds holds on whole files. While the change guard holds a file, none of its records is applied
-- (docs/people.md#change-guard).
alter table rosterd.imports
  -- The kind of hold: on the access of users, or on all changes of the file. Null without a hold.
  add column hold_kind text constraint imports_hold_kind_check check (hold_kind in ('access', 'changes')),
  -- The columns that would change for too many users, with examples (see heldColumn in decision.ts).
  add column hold_columns jsonb not null default '[]',
  -- The import that applied the held file, or a newer file instead.
  add column hold_ended_by bigint,
  -- The import whose held file this import applied.
  add column approves bigint,
  drop constraint if exists imports_hold_state_check,
  add constraint imports_hold_state_check check (hold_state in ('open', 'approved', 'discarded', 'superseded'));

update rosterd.imports set hold_kind = 'access' where hold_state is not null;
