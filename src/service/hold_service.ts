/**
 * Carries out admins' decisions about imports: applies them in the database, logs them, and refreshes the cached
 * history.
 */
import type { Approved } from "../domain/decision.ts";
import { Busy, DatabaseUnreachable, type Decisions } from "../http/service.ts";
import type { Database } from "../postgres/connection/connect.ts";
import type { Decide } from "../postgres/history/decision.ts";
import { discardHold } from "../postgres/history/holds.ts";
import { undoImport } from "../postgres/history/undo.ts";
import { codeOf } from "../runtime/errors.ts";
import type { Log, LogFields } from "../runtime/log.ts";
import type { DatabaseMonitor } from "./database_monitor.ts";
import type { CachedImportHistory } from "./cached_import_history.ts";
import { approve, type Approving } from "./approve.ts";
import type { RunningImport, ServiceState } from "./state.ts";

export interface HoldServiceOptions extends Pick<Approving, "store" | "bakOf" | "clock" | "yieldToRequests"> {
  database: Database;
  history: CachedImportHistory;
  state: ServiceState;
  databaseMonitor: Pick<DatabaseMonitor, "ask">;
  stopping: AbortSignal;
  log: Log;
  /** Called when a held file was applied: the next turn keeps its failed records. */
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
    // A turn may have reported its own progress since.
    if (state.running === running) state.running = null;
  }
}

/** The decision throws {@link Busy} while an import blocks the embedded database, possibly for minutes. */
function decisionOf<T extends { left_out: unknown; left_out_total: number; applied?: Approved["applied"] }>(
  { database, history, state, databaseMonitor, stopping, log }: HoldServiceOptions,
  event: string,
  decide: Decide<T>,
): (id: number, signal: AbortSignal, by: string) => Promise<T | null> {
  return async (id, signal, by) => {
    if (database.kind === "embedded" && state.running !== null) throw new Busy();
    const result = await databaseMonitor.ask(() => decide(database, id, AbortSignal.any([signal, stopping]), by))
      .catch((error) => {
        if (!(error instanceof DatabaseUnreachable)) throw error;
        // The decision may have been carried out even though the response was lost. Repeating it is safe: it fails with a 409.
        throw new DatabaseUnreachable(`${error.message}; check whether the decision was carried out, or try again`);
      });
    if (result === null) return null;
    const { left_out: _, left_out_total, applied, ...counts } = result;
    log.info(event, {
      ...{ import: id, by, ...counts as LogFields, left_out: left_out_total },
      ...(applied ? { applied_by: applied.import } : {}),
    });
    // A stale cache does not affect the decision, and the next probe refreshes it.
    await history.refreshWhenFree().catch((error) => log.warn("history_not_read", { code: codeOf(error) }));
    return result;
  };
}
