/**
 * Carries out admins' decisions about imports and users: applies them in the database, logs them, and refreshes the cached
 * history.
 */
import type { Approved } from "../domain/decision.ts";
import { Busy, DatabaseUnreachable, type Decisions, type Users } from "../http/service.ts";
import type { Database } from "../postgres/connection/connect.ts";
import type { Decide } from "../postgres/history/decision.ts";
import { eraseUser } from "../postgres/history/erasure.ts";
import { discardHold } from "../postgres/history/holds.ts";
import { undoImport } from "../postgres/history/undo.ts";
import { codeOf } from "../runtime/errors.ts";
import type { Log, LogFields } from "../runtime/log.ts";
import type { DatabaseMonitor } from "./database_monitor.ts";
import type { CachedImportHistory } from "./cached_import_history.ts";
import { approve, type Approving } from "./approve.ts";
import type { RunningImport, ServiceState } from "./state.ts";

export interface DecidingOptions {
  database: Database;
  history: CachedImportHistory;
  state: ServiceState;
  databaseMonitor: Pick<DatabaseMonitor, "ask">;
  stopping: AbortSignal;
  log: Log;
}

export interface HoldServiceOptions
  extends DecidingOptions, Pick<Approving, "store" | "bakOf" | "clock" | "yieldToRequests"> {
  /** Called after a held file has been applied, so that the next turn writes its failed-records file. */
  onApplied: () => void;
}

export function createHoldService(options: HoldServiceOptions): Decisions {
  return {
    approve: decisionOf(options, "hold_approved", (_, id, signal, by) => approveNow(options, id, signal, by)),
    discard: decisionOf(options, "hold_discarded", discardHold),
    undo: decisionOf(options, "import_undone", undoImport),
  };
}

async function approveNow(options: HoldServiceOptions, id: number, signal: AbortSignal, by: string) {
  const { state, clock, onApplied } = options, started_at = clock.now().toISOString();
  let running: RunningImport | null = null;
  const onProgress: Approving["onProgress"] = ({ id, feed, file }, progress) => {
    state.running = running = { id, feed, file, started_at, ...progress };
  };
  try {
    const result = await approve(id, { ...options, settings: state.settings, signal, by, onProgress });
    if (result?.applied !== undefined) onApplied();
    return result;
  } finally {
    // In the meantime, a turn may have reported its own progress.
    if (state.running === running) state.running = null;
  }
}

function decisionOf<T extends { left_out: unknown; left_out_total: number; applied?: Approved["applied"] }>(
  options: HoldServiceOptions,
  event: string,
  decide: Decide<T>,
): (id: number, signal: AbortSignal, by: string) => Promise<T | null> {
  return async (id, signal, by) => {
    const result = await decided(options, signal, (signal) => decide(options.database, id, signal, by));
    if (result === null) return null;
    const { left_out: _, left_out_total, applied, ...counts } = result;
    options.log.info(event, {
      ...{ import: id, by, ...counts as LogFields, left_out: left_out_total },
      ...(applied ? { applied_by: applied.import } : {}),
    });
    await refresh(options);
    return result;
  };
}

/** Erases a user. The log names only the admin who decided. */
export function createErasing(options: DecidingOptions): Users["erase"] {
  return async (uniqueId, signal, by) => {
    const retentionDays = options.state.settings.bak_retention_days;
    const result = await decided(
      options,
      signal,
      (signal) => eraseUser(options.database, uniqueId, { retentionDays, signal, by }),
    );
    if (result === null) return null;
    options.log.info("user_erased", { by });
    await refresh(options);
    return result;
  };
}

/** Throws {@link Busy} while an import blocks the embedded database, which can take minutes. */
async function decided<T>(
  { database, state, databaseMonitor, stopping }: DecidingOptions,
  signal: AbortSignal,
  decide: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (database.kind === "embedded" && state.running !== null) throw new Busy();
  return await databaseMonitor.ask(() => decide(AbortSignal.any([signal, stopping]))).catch((error) => {
    if (!(error instanceof DatabaseUnreachable)) throw error;
    // The decision may have been carried out even if the database's response was lost. It is safe to repeat the
    // decision: the second request then fails with 409.
    throw new DatabaseUnreachable(`${error.message}; check whether the decision was carried out, or try again`);
  });
}

/** A stale cache does not affect the decision, and the next probe refreshes it. */
async function refresh({ history, log }: DecidingOptions): Promise<void> {
  await history.refreshWhenFree().catch((error) => log.warn("history_not_read", { code: codeOf(error) }));
}
