/** Undoes the latest import that changed users, value by value, in one transaction (docs/people.md#undo). */
import { CannotDecide, type LeftOut, MAX_LEFT_OUT, type Undone } from "../../domain/decision.ts";
import type { Tx } from "../connection/connect.ts";
import { type DecidedImport, decision, leftOut } from "./decision.ts";
import { VALUE_COLUMNS } from "../../domain/columns.ts";
import { forColumns, releasePermits, withValues } from "../import/queries.ts";
import undoAccess from "../queries/decide/undo_access.sql" with { type: "text" };
import undoCreated from "../queries/decide/undo_created.sql" with { type: "text" };
import undoFindStates from "../queries/decide/undo_find_states.sql" with { type: "text" };
import undoFindValues from "../queries/decide/undo_find_values.sql" with { type: "text" };
import undoFindWords from "../queries/decide/undo_find_words.sql" with { type: "text" };
import undoFree from "../queries/decide/undo_free.sql" with { type: "text" };
import undoLeftOut from "../queries/decide/undo_left_out.sql" with { type: "text" };
import undoLock from "../queries/decide/undo_lock.sql" with { type: "text" };
import undoMerges from "../queries/decide/undo_merges.sql" with { type: "text" };
import undoNames from "../queries/decide/undo_names.sql" with { type: "text" };
import undoNotePermits from "../queries/decide/undo_note_permits.sql" with { type: "text" };
import undoPermits from "../queries/decide/undo_permits.sql" with { type: "text" };
import undoRenames from "../queries/decide/undo_renames.sql" with { type: "text" };
import undoTaken from "../queries/decide/undo_taken.sql" with { type: "text" };
import undoValues from "../queries/decide/undo_values.sql" with { type: "text" };
import undoWords from "../queries/decide/undo_words.sql" with { type: "text" };

const RELEASE_PERMITS = releasePermits("rosterd.users where created_by_import = $1");

export const undoImport = decision<Undone>("undone", async (tx, found, lock) => {
  const { id } = found;
  await requireUndoable(tx, found);
  await lock(undoLock, [id]);
  await findUndo(tx, id);
  const [{ restored }] = await tx.unsafe(
    `select count(*) as restored from (
       select unique_id from undo_values where stays is null union select unique_id from undo_states where stays is null
     ) as back`,
  );
  await tx.unsafe(undoFree, [id]);
  await tx.unsafe(forColumns(undoValues, VALUE_COLUMNS));
  await tx.unsafe(undoAccess);
  await tx.unsafe(undoWords);
  const created = await tx.unsafe(undoCreated, [id]);
  await tx.unsafe(undoNames, [id]);
  const permits = await restorePermits(tx, id);
  await tx.unsafe(withValues(undoRenames, id));
  const left = await tx.unsafe<(LeftOut & { total: number })[]>(undoLeftOut, [id, MAX_LEFT_OUT]);
  const [{ permits_released }] = await tx.unsafe(RELEASE_PERMITS, [id]);
  await markUndone(tx, id);
  return { restored, archived: created.count, permits_restored: permits, permits_released, ...leftOut(left) };
});

/** The only import that may be undone: the latest import that changed users and has not been undone. */
const LATEST = `
  select id from rosterd.imports
  where undone_at is null and status <> 'checked' and (
    created + updated + archived + reactivated + missing_archived + erased > 0
    or exists (select from rosterd.import_changes where import_id = imports.id)
  )
  order by id desc limit 1`;

async function requireUndoable(tx: Tx, { id, status, undone_at, cleared_at }: DecidedImport): Promise<void> {
  if (status === "running" || status === "error") {
    throw new CannotDecide("not_finished", "this import has not finished yet");
  }
  if (undone_at !== null) throw new CannotDecide("undone_already", "this import has already been undone");
  if (cleared_at !== null) {
    throw new CannotDecide("undo_cleared", "this import is older than bak_retention_days: its undo data was deleted");
  }
  const [latest] = await tx.unsafe(LATEST);
  if (latest?.id === id) return;
  if (latest === undefined || latest.id < id) {
    throw new CannotDecide("nothing_changed", "this import did not change any users");
  }
  throw new CannotDecide("not_the_latest", `import ${latest.id} is newer and changed users: undo that import first`);
}

async function findUndo(tx: Tx, importId: number): Promise<void> {
  await tx.unsafe(undoFindValues, [importId]);
  await tx.unsafe("create index on undo_values (unique_id)");
  await tx.unsafe(undoFindStates, [importId]);
  await tx.unsafe(undoFindWords, [importId]);
  await tx.unsafe("analyze undo_values, undo_states, undo_words");
  for (let refused = 1; refused > 0;) refused = (await tx.unsafe(undoTaken, [importId])).count;
}

/**
 * Restores permits, except those whose number now belongs to another user. Resolves to the number of restored permits.
 */
async function restorePermits(tx: Tx, importId: number): Promise<number> {
  await tx.unsafe(undoNotePermits, [importId]);
  await tx.unsafe(undoPermits, [importId]);
  const [{ restored }] = await tx`select rosterd.restore_permits(${importId}) as restored`;
  const answers = await tx.unsafe(withValues(undoMerges, importId)) as unknown as { permits: number }[][];
  return restored + answers[answers.length - 1][0].permits;
}

async function markUndone(tx: Tx, importId: number): Promise<void> {
  await tx`
    update rosterd.imports set
      undone_at = now(),
      hold_ended_at = case when hold_state = 'open' then now() else hold_ended_at end,
      hold_state = case when hold_state = 'open' then 'discarded' else hold_state end
    where id = ${importId}`;
}
