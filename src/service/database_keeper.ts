/**
 * Keeps the service connected: connects at the start, brings the schema up to date, notices when the database goes away,
 * and tries again with growing pauses. Neither start nor HTTP waits for it.
 */
import { DatabaseAway } from "../http/service.ts";
import { type Database, requireSuitable, UnsuitableDatabase } from "../postgres/connect.ts";
import { databaseIsAway, explainFault } from "../postgres/faults.ts";
import { migrate, SchemaTooNew } from "../postgres/migrate.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { pause } from "../runtime/pause.ts";
import { within } from "../runtime/within.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const LOOK_EVERY_MS = 10_000;
const ANSWER_WITHIN_MS = 10_000;

export interface KeeperOptions {
  database: Database;
  clock: Clock;
  log: Log;
  /** Called each time the database can be used again, and at each look at it. */
  onUsable: () => Promise<void>;
  /** Called when it was away, and can be used again. */
  onBack?: () => void;
  random?: () => number;
}

export class DatabaseKeeper {
  readonly #options: KeeperOptions;
  #trouble: string | null = "the database was not reached yet";
  #reported = Promise.withResolvers<void>();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Why the database cannot be used; null when it can. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /**
   * The first try. A server that is away is no reason not to start; one that will never do is: throws
   * {@link UnsuitableDatabase} and {@link SchemaTooNew}.
   */
  async start(): Promise<void> {
    await this.#try().catch((error) => {
      if (error instanceof UnsuitableDatabase || error instanceof SchemaTooNew) throw error;
      this.report(error);
    });
  }

  /** Tells of an error that says that the database cannot be used. */
  report(error: unknown): void {
    const trouble = error instanceof UnsuitableDatabase || error instanceof SchemaTooNew
      ? error.message
      : explainFault(error);
    if (this.#trouble !== trouble) this.#options.log.warn("database_away", { reason: trouble });
    if (this.#trouble === null) this.#reported.resolve();
    this.#trouble = trouble;
  }

  /**
   * Asks the database for somebody who waits for the answer: at once without, when it is known to be away. Throws
   * {@link DatabaseAway}.
   */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#trouble !== null) throw new DatabaseAway(this.#trouble);
    try {
      return await question();
    } catch (error) {
      if (!databaseIsAway(error)) throw error;
      this.report(error);
      throw new DatabaseAway(explainFault(error));
    }
  }

  /** Looks after the connection until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const wasAway = this.#trouble !== null;
        await this.#pause(this.#pauseAfter(failures), signal);
        // Somebody else found out meanwhile: the first pause is short.
        if (!wasAway && this.#trouble !== null) continue;
        await this.#try();
        failures = 0;
        if (wasAway) this.#options.onBack?.();
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        this.report(error);
      }
    }
  }

  /** Cut short by a report. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    this.#reported = Promise.withResolvers();
    const over = new AbortController();
    try {
      await Promise.race([pause(ms, AbortSignal.any([signal, over.signal])), this.#reported.promise]);
    } finally {
      over.abort();
    }
  }

  #pauseAfter(failures: number): number {
    if (this.#trouble === null) return LOOK_EVERY_MS;
    const { random = Math.random } = this.#options;
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 10), LONGEST_PAUSE_MS);
    return longest * (0.5 + random() / 2);
  }

  async #try(): Promise<void> {
    const { database: { sql }, log, onUsable } = this.#options;
    if (this.#trouble !== null) {
      await within(ANSWER_WITHIN_MS, requireSuitable(sql));
      const applied = await migrate(sql);
      if (applied > 0) log.info("schema_upgraded", { migrations: applied });
      log.info("database_usable");
      this.#trouble = null;
    } else {
      await within(ANSWER_WITHIN_MS, sql`select 1`);
    }
    await onUsable();
  }
}
