/**
 * Reads the import history for HTTP. While an import blocks the embedded database, returns cached entries or throws
 * {@link Busy}.
 */
import type { Day, DaysQuery } from "../domain/day.ts";
import type { ChangeQuery, ImportQuery, LastingQuery } from "../domain/outcome.ts";
import { Busy, type DetailQuery, type ImportHistory } from "../http/service.ts";
import { changesFile, changesFileName } from "../importer/files/changes_file.ts";
import type { ImportEntry } from "../importer/ports.ts";
import type { RosterFile } from "../importer/inbox_port.ts";
import { type BakFolder, NoBakFolder } from "../inbox/bak/bak_folder.ts";
import { isNoPlainFile } from "../inbox/files/open.ts";
import { isCompressed } from "../inbox/names.ts";
import type { Database, Sql } from "../postgres/connection/connect.ts";
import { listDays } from "../postgres/history/days.ts";
import {
  findImport,
  listFailing,
  listFailures,
  listImports,
  NO_TOTALS,
  readTotals,
  type Totals,
} from "../postgres/history/history.ts";
import { allChanges, listChanges } from "../postgres/history/import_changes.ts";
import { listHeld } from "../postgres/history/holds.ts";
import { withTimeout } from "../runtime/with_timeout.ts";
import type { DatabaseMonitor } from "./database_monitor.ts";
import type { ServiceState } from "./state.ts";

const MAX_CACHED_IMPORTS = 200;
/** If the database takes longer to return a page of the history, it is considered unreachable. */
const ANSWER_TIMEOUT_MS = 15_000;

export interface CachedImportHistoryOptions {
  database: Database;
  bakOf: (feed: string) => BakFolder;
  state: ServiceState;
  databaseMonitor: Pick<DatabaseMonitor, "ask">;
}

export class CachedImportHistory implements ImportHistory {
  #newest: ImportEntry[] = [];
  #version: string | null = null;
  /** The newest imports are cached, because the status must not wait for the database. */
  totals: Totals = NO_TOTALS;

  constructor(private readonly options: CachedImportHistoryOptions) {}

  async refresh(): Promise<void> {
    const { sql } = this.options.database;
    this.#newest = (await listImports(sql, { limit: MAX_CACHED_IMPORTS })).imports;
    this.totals = await readTotals(sql);
  }

  /** Refreshes the cache if the version has changed, unless an import is running. */
  async refreshIfChanged(version: string): Promise<void> {
    if (version === this.#version || this.options.state.running !== null) return;
    await this.refresh();
    this.#version = version;
  }

  async refreshWhenFree(): Promise<void> {
    if (this.options.state.running === null) await this.refresh();
  }

  /**
   * Refreshes the cache while the embedded database still answers. A PostgreSQL server also answers during an import.
   */
  async refreshBeforeImport(): Promise<void> {
    if (this.options.database.kind === "embedded") await this.refresh();
  }

  async list(query: ImportQuery): Promise<{ imports: ImportEntry[]; next: number | null }> {
    if (!this.#isBusy) return await this.ask((sql) => listImports(sql, query));
    const { limit } = query, found = this.#newest.filter((entry) => isListed(entry, query));
    if (found.length <= limit && this.#newest.length === MAX_CACHED_IMPORTS) throw new Busy();
    return { imports: found.slice(0, limit), next: found.length > limit ? found[limit - 1].id : null };
  }

  async get(id: number): Promise<ImportEntry | null> {
    if (!this.#isBusy) return await this.ask((sql) => findImport(sql, id));
    const cached = this.#newest.find((entry) => entry.id === id);
    if (cached === undefined && this.#newest.length === MAX_CACHED_IMPORTS) throw new Busy();
    return cached ?? null;
  }

  async days(query: DaysQuery): Promise<Day[]> {
    return await this.ask((sql) => listDays(sql, query));
  }

  async failing(query: LastingQuery) {
    return await this.ask((sql) => listFailing(sql, query));
  }

  async failures(id: number, query: DetailQuery<number>) {
    return await this.ask((sql) => listFailures(sql, id, query));
  }

  async held(id: number, query: DetailQuery<string>) {
    return await this.ask((sql) => listHeld(sql, id, query));
  }

  async changes(id: number, query: ChangeQuery) {
    return await this.ask((sql) => listChanges(sql, id, query));
  }

  async changesFile(id: number) {
    const entry = await this.get(id);
    if (entry === null) return null;
    // If the database is busy, the request fails now rather than in the middle of the file.
    const first = await this.changes(id, { limit: 1 });
    if (first !== null && first.cleared_at !== null) return { gone: "older history was cleared (bak_retention_days)" };
    const pages = allChanges((query) => this.ask((sql) => listChanges(sql, id, query)));
    const name = changesFileName(entry.bak_file ?? entry.file);
    return { name, stream: ReadableStream.from(changesFile(pages)), size: null };
  }

  async failedFile(id: number) {
    const entry = await this.get(id);
    if (entry === null) return null;
    const none = entry.failed === 0
      ? "none of this import's records failed"
      : "the failed records of this import were not kept";
    return await this.#fromBak(entry.feed, entry.failed_file, none, "the failed records of this import are");
  }

  async rosterFile(id: number) {
    const entry = await this.get(id);
    if (entry === null) return null;
    const { feed, file, bak_file } = entry;
    const asked = await this.#fromBak(feed, bak_file, "this import has no file in bak", "the file of this import is");
    // The client gets what was uploaded: a roster that rosterd packed is sent under the name of the CSV.
    const isPacked = bak_file !== null && isCompressed(bak_file) && !isCompressed(file);
    return "gone" in asked || !isPacked ? asked : { ...asked, name: asked.name.replace(/\.gz$/i, ""), isPacked };
  }

  /** `none`: the response if the import has no such file. `what`: the file, as the subject of a sentence. */
  async #fromBak(feed: string, name: string | null, none: string, what: string) {
    if (name === null) return { gone: none };
    try {
      const file = await this.options.bakOf(feed).open(name);
      return { name, size: file.size, stream: streamOf(file) };
    } catch (error) {
      if (error instanceof NoBakFolder) return { gone: "bak is no longer a real folder" };
      if (!isNoPlainFile(error)) throw error;
      return { gone: `${what} no longer in bak` };
    }
  }

  /** Queries the database. Throws {@link Busy} while an import blocks the database. */
  async ask<T>(question: (sql: Sql) => Promise<T>): Promise<T> {
    if (this.#isBusy) throw new Busy();
    const { databaseMonitor, database } = this.options;
    return await databaseMonitor.ask(() => withTimeout(ANSWER_TIMEOUT_MS, question(database.sql)));
  }

  get #isBusy(): boolean {
    return this.options.database.kind === "embedded" && this.options.state.running !== null;
  }
}

/**
 * Streams the file and closes it at the end or on cancellation. A generator would leave the file open if the client
 * never started reading.
 */
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

/** The same filter as in {@link listImports}, applied to imports in memory. */
function isListed(
  entry: ImportEntry,
  { before = Infinity, status, since, until, file, feed }: ImportQuery,
): boolean {
  const started = Date.parse(entry.started_at);
  return entry.id < before && (status === undefined || entry.status === status) &&
    (since === undefined || started >= Date.parse(since)) && (until === undefined || started < Date.parse(until)) &&
    (file === undefined || entry.file.toLowerCase().includes(file.toLowerCase())) &&
    (feed === undefined || entry.feed === feed);
}
