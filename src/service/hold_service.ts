/**
 * What people decide about imports, as HTTP asks for it: carried out in the database, then noted in the log and in what the
 * service keeps in memory of the history.
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
  keeper: Pick<DatabaseMonitor, "ask">;
  /** Aborted when the service ends. */
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

  /** The embedded database serves one at a time: it does not wait for an import, which may take minutes. */
  async #decide<T extends { left_out: unknown; left_out_total: number }>(
    event: string,
    carryOut: (database: Database, id: number, signal: AbortSignal, by: string) => Promise<T | null>,
    id: number,
    signal: AbortSignal,
    by: string,
  ): Promise<T | null> {
    const { database, history, state, keeper, stopping, log } = this.options;
    if (database.kind === "embedded" && state.running !== null) throw new Busy();
    const result = await keeper.ask(() => carryOut(database, id, AbortSignal.any([signal, stopping]), by)).catch(
      (error) => {
        if (!(error instanceof DatabaseUnreachable)) throw error;
        // The answer may be lost where the decision is not. To decide the same twice does no harm: 409.
        throw new DatabaseUnreachable(`${error.message}; try again, or look whether it was carried out`);
      },
    );
    if (result === null) return null;
    const { left_out: _, left_out_total, ...counts } = result;
    log.info(event, { import: id, by, ...counts as LogFields, left_out: left_out_total });
    // It is decided, whatever becomes of the memory, which is read anew soon.
    await history.refreshWhenFree().catch((error) => log.warn("history_not_read", { code: codeOf(error) }));
    return result;
  }
}
