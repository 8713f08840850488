/**
 * The history as HTTP asks for it. The embedded database serves one at a time: while an import has it, the newest
 * imports are answered from memory, at once, and the rest says that it is busy (contract, section 8).
 */
import { Busy, type FailureQuery, type HeldQuery, type ImportHistory, type ImportQuery } from "../http/service.ts";
import type { ImportEntry, RosterFile } from "../importer/ports.ts";
import { type BakFolder, NoBakFolder } from "../inbox/bak/bak_folder.ts";
import { isNoPlainFile } from "../inbox/files/open.ts";
import type { Database, Sql } from "../postgres/connection/connect.ts";
import {
  findImport,
  listFailures,
  listImports,
  NO_TOTALS,
  readTotals,
  type Totals,
} from "../postgres/history/history.ts";
import { listHeld } from "../postgres/history/holds.ts";
import { withTimeout } from "../runtime/with_timeout.ts";
import type { DatabaseMonitor } from "./database_monitor.ts";
import type { ServiceState } from "./state.ts";

/** So many of the newest imports are kept in memory. */
const MAX_CACHED_IMPORTS = 200;

export interface CachedImportHistoryOptions {
  database: Database;
  bak: BakFolder;
  state: ServiceState;
  keeper: Pick<DatabaseMonitor, "ask">;
}

/** A page of the history is read at once, or the database is away. */
const ANSWER_TIMEOUT_MS = 15_000;

export class CachedImportHistory implements ImportHistory {
  readonly #options: CachedImportHistoryOptions;
  #newest: ImportEntry[] = [];
  #version: string | null = null;
  /** As they were read last: the status must not wait for the database. */
  totals: Totals = NO_TOTALS;

  constructor(options: CachedImportHistoryOptions) {
    this.#options = options;
  }

  /** Reads the newest imports and the totals into memory. */
  async refresh(): Promise<void> {
    const { sql } = this.#options.database;
    this.#newest = (await listImports(sql, { limit: MAX_CACHED_IMPORTS })).imports;
    this.totals = await readTotals(sql);
  }

  /** The same, where anything changed since the last call; at rest it asks for nothing. */
  async refreshIfChanged(version: string): Promise<void> {
    if (version === this.#version || this.#options.state.running !== null) return;
    await this.refresh();
    this.#version = version;
  }

  /** The same, unless an import is under way. */
  async refreshWhenFree(): Promise<void> {
    if (this.#options.state.running === null) await this.refresh();
  }

  /** The embedded database will not answer until the import is over; a server will. */
  async refreshBeforeImport(): Promise<void> {
    if (this.#options.database.kind === "embedded") await this.refresh();
  }

  async list(query: ImportQuery): Promise<{ imports: ImportEntry[]; next: number | null }> {
    if (!this.#isBusy) return await this.#ask((sql) => listImports(sql, query));
    const { limit, before = Infinity, status } = query;
    const found = this.#newest.filter((entry) =>
      entry.id < before && (status === undefined || entry.status === status)
    );
    if (found.length <= limit && this.#newest.length === MAX_CACHED_IMPORTS) throw new Busy();
    return { imports: found.slice(0, limit), next: found.length > limit ? found[limit - 1].id : null };
  }

  async get(id: number): Promise<ImportEntry | null> {
    if (!this.#isBusy) return await this.#ask((sql) => findImport(sql, id));
    const known = this.#newest.find((entry) => entry.id === id);
    if (known === undefined && this.#newest.length === MAX_CACHED_IMPORTS) throw new Busy();
    return known ?? null;
  }

  async failures(id: number, query: FailureQuery) {
    if (this.#isBusy) throw new Busy();
    return await this.#ask((sql) => listFailures(sql, id, query));
  }

  async held(id: number, query: HeldQuery) {
    if (this.#isBusy) throw new Busy();
    return await this.#ask((sql) => listHeld(sql, id, query));
  }

  async failedFile(id: number) {
    const entry = await this.get(id);
    if (entry === null) return null;
    const name = entry.failed_file;
    if (name === null) {
      return { gone: entry.failed === 0 ? "no record of it failed" : "its failed records were not kept" };
    }
    try {
      const file = await this.#options.bak.open(name);
      return { name, size: file.size, stream: streamOf(file) };
    } catch (error) {
      if (error instanceof NoBakFolder) return { gone: "bak is not a folder of its own now" };
      if (!isNoPlainFile(error)) throw error;
      return { gone: "its failed records are no longer in bak" };
    }
  }

  #ask<T>(question: (sql: Sql) => Promise<T>): Promise<T> {
    const { keeper, database } = this.#options;
    return keeper.ask(() => withTimeout(ANSWER_TIMEOUT_MS, question(database.sql)));
  }

  get #isBusy(): boolean {
    return this.#options.database.kind === "embedded" && this.#options.state.running !== null;
  }
}

/** Closes the file at its end, and when nobody wants it, even if nothing of it was read: a generator would not. */
function streamOf(file: RosterFile): ReadableStream<Uint8Array> {
  const chunks = file.read()[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (!done) return controller.enqueue(value);
      } catch (error) {
        await file.close();
        throw error;
      }
      await file.close();
      controller.close();
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}
