/**
 * Carries out admins' decisions about imports: applies them in the database, logs them, and refreshes the cached
 * history.
 */
import type { Approved, Discarded, Undone } from "../domain/decision.ts";
import { Busy, DatabaseUnreachable, type Decisions } from "../http/service.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { approveHold, discardHold } from "../postgres/history/holds.ts";
import { undoImport } from "../postgres/history/undo.ts";
import { codeOf } from "../runtime/errors.ts";
import type { Log, LogFields } from "../runtime/log.ts";
import type { DatabaseMonitor } from "./database_monitor.ts";
import type { CachedImportHistory } from "./cached_import_history.ts";
import type { ServiceState } from "./state.ts";

export interface HoldServiceOptions {
  database: Database;
  history: CachedImportHistory;
  state: ServiceState;
  databaseMonitor: Pick<DatabaseMonitor, "ask">;
  stopping: AbortSignal;
  log: Log;
}

export class HoldService implements Decisions {
  constructor(private readonly options: HoldServiceOptions) {}

  approve(id: number, signal: AbortSignal, by = "admin"): Promise<Approved | null> {
    return this.#decide("hold_approved", approveHold, id, signal, by);
  }

  discard(id: number, signal: AbortSignal, by = "admin"): Promise<Discarded | null> {
    return this.#decide("hold_discarded", discardHold, id, signal, by);
  }

  undo(id: number, signal: AbortSignal, by = "admin"): Promise<Undone | null> {
    return this.#decide("import_undone", undoImport, id, signal, by);
  }

  /** Throws {@link Busy} while an import blocks the embedded database, possibly for minutes. */
  async #decide<T extends { left_out: unknown; left_out_total: number }>(
    event: string,
    carryOut: (database: Database, id: number, signal: AbortSignal, by: string) => Promise<T | null>,
    id: number,
    signal: AbortSignal,
    by: string,
  ): Promise<T | null> {
    const { database, history, state, databaseMonitor, stopping, log } = this.options;
    if (database.kind === "embedded" && state.running !== null) throw new Busy();
    const result = await databaseMonitor.ask(() => carryOut(database, id, AbortSignal.any([signal, stopping]), by))
      .catch(
        (error) => {
          if (!(error instanceof DatabaseUnreachable)) throw error;
          // The decision may have been carried out even though the response was lost. Repeating it is safe: it fails with a 409.
          throw new DatabaseUnreachable(`${error.message}; check whether the decision was carried out, or try again`);
        },
      );
    if (result === null) return null;
    const { left_out: _, left_out_total, ...counts } = result;
    log.info(event, { import: id, by, ...counts as LogFields, left_out: left_out_total });
    // A stale cache does not affect the decision, and the next probe refreshes it.
    await history.refreshWhenFree().catch((error) => log.warn("history_not_read", { code: codeOf(error) }));
    return result;
  }
}
