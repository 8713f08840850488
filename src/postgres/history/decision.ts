/**
 * Runs an approval, discard or undo in a transaction that excludes imports. Waits only briefly for a running import.
 */
import {
  type Approved,
  type Decision,
  DECISION_WAIT_MS,
  type Discarded,
  type Hold,
  importRunning,
  type LeftOut,
  type Undone,
  usersLocked,
} from "../../domain/decision.ts";
import type { ImportStatus } from "../../domain/outcome.ts";
import { mailConfigured, type Settings } from "../../domain/settings.ts";
import type { Database, Tx } from "../connection/connect.ts";
import { settingsColumn } from "./import_settings.ts";
import { hasYielded, isUniqueViolation, type LockAttempt, LockedByOthers, lockWithRetry } from "../import/lock.ts";
import { enqueue, newMessageId } from "./outbox_store.ts";
import { acquireImportLock } from "../import/import_lock.ts";

/** How long a decision waits for other programs after waiting for an import. */
const OTHER_PROGRAMS_WAIT_MS = 3_000;

export interface DecidedImport {
  id: number;
  status: ImportStatus;
  hold_state: Hold["state"] | null;
  hold_kind: Hold["kind"] | null;
  undone_at: Date | null;
  cleared_at: Date | null;
}

/** Resolves to null for an unknown import. Throws {@link CannotDecide}. `by` names the admin or clerk who decides. */
export type Decide<T> = (database: Database, importId: number, signal: AbortSignal, by: string) => Promise<T | null>;

/**
 * Creates a decision. `work` carries out the decision and returns its result, which is recorded with the import. The
 * decision fails if an import keeps running or another program keeps the rows locked.
 */
export function decision<T extends Approved | Discarded | Undone>(
  what: Decision["what"],
  work: (tx: Tx, found: DecidedImport, lock: LockAttempt["lock"]) => Promise<T>,
): Decide<T> {
  return async (database, importId, signal, by) =>
    await withoutImports(database, signal, async (tx) => {
      const [found] = await tx<DecidedImport[]>`
        select id, status, hold_state, hold_kind, undone_at, cleared_at from rosterd.imports where id = ${importId} for update`;
      if (found === undefined) return null;
      const result = await lockBriefly(tx, signal, ({ tx, lock }) => work(tx, found, lock));
      await noteDecision(tx, importId, { what, by }, countsOf(result));
      return result;
    });
}

/**
 * Runs `work` in a transaction while no import is running. Throws {@link CannotDecide} if an import keeps running or
 * another program keeps the rows locked.
 */
export async function withoutImports<T>(
  database: Database,
  signal: AbortSignal,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const deciding = database.transaction(async (tx) => {
    await waitForImports(tx, signal);
    return await work(tx);
  });
  return await deciding.catch((error) => {
    if (!hasYielded(error) && !(error instanceof LockedByOthers) && !isUniqueViolation(error)) throw error;
    throw usersLocked();
  });
}

/** Locks and changes rows. Waits only briefly for other programs. */
export async function lockBriefly<T>(
  tx: Tx,
  signal: AbortSignal,
  work: (attempt: LockAttempt) => Promise<T>,
): Promise<T> {
  return await lockWithRetry(tx, { signal, waitMs: OTHER_PROGRAMS_WAIT_MS }, work);
}

async function waitForImports(tx: Tx, signal: AbortSignal): Promise<void> {
  const timeout = AbortSignal.timeout(DECISION_WAIT_MS);
  try {
    await acquireImportLock(tx, { signal: AbortSignal.any([signal, timeout]) });
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error;
    throw importRunning();
  }
}

/**
 * Stores the decision with its import: what was decided, by whom, and the counts. Queues the email about the decision.
 */
export async function noteDecision(
  tx: Tx,
  importId: number,
  { what, by }: Pick<Decision, "what" | "by">,
  counts: Decision["counts"],
): Promise<void> {
  const note = JSON.stringify({ what, by, counts });
  const [{ settings, is_upload, decision }] = await tx<
    { settings: Settings; is_upload: boolean; decision: Decision }[]
  >`
    update rosterd.imports set decisions = decisions || jsonb_build_array(
      ${note}::text::jsonb || jsonb_build_object('at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
    where id = ${importId}
    returning ${settingsColumn(tx)}, taken_key is not null as is_upload, decisions -> -1 as decision`;
  if (!is_upload || !mailConfigured(settings)) return;
  const messageId = newMessageId(settings.reply_to_admin_email);
  await enqueue(tx, { kind: "decided", importId, content: { decision }, messageId });
}

function countsOf(result: object): Decision["counts"] {
  return Object.fromEntries(Object.entries(result).filter(([, value]) => typeof value === "number"));
}

export function leftOut(
  rows: readonly (LeftOut & { total: number })[],
): { left_out: LeftOut[]; left_out_total: number } {
  return {
    left_out: rows.map(({ unique_id, reason }) => ({ unique_id, reason })),
    left_out_total: rows[0]?.total ?? 0,
  };
}
