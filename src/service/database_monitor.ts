/**
 * Keeps the service connected: connects at the start, brings the schema up to date, notices when the database goes away,
 * and tries again with growing pauses. Neither start nor HTTP waits for it.
 */
import { DatabaseUnreachable } from "../http/service.ts";
import { type Database, requireSuitable, UnsuitableDatabase } from "../postgres/connection/connect.ts";
import {
  explainDatabaseError,
  explainFully,
  isDatabaseUnreachable,
  isServerAlive,
} from "../postgres/connection/errors.ts";
import { historyVersion } from "../postgres/history/history.ts";
import { migrate, SchemaTooNew } from "../postgres/migrate.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { delay } from "../runtime/delay.ts";
import { withTimeout } from "../runtime/with_timeout.ts";

const MIN_RETRY_DELAY_MS = 1_000;
const MAX_RETRY_DELAY_MS = 60_000;
const PROBE_INTERVAL_MS = 10_000;
const ANSWER_TIMEOUT_MS = 10_000;

export interface DatabaseMonitorOptions {
  database: Database;
  clock: Clock;
  log: Log;
  random?: () => number;
}

export class DatabaseMonitor {
  readonly #options: DatabaseMonitorOptions;
  /** Called each time the database can be used again, and at each look at it, with {@link historyVersion}. Set before the start. */
  onUsable: (historyVersion: string) => Promise<void> = async () => {};
  /** Called when it was away, and can be used again. Set before the start. */
  onBack: () => void = () => {};
  #unavailableReason: string | null = "the database was not reached yet";
  /** The server answers all the same: its disk is full, or a right is missing. Only work shows when that is over. */
  #isPartial = false;
  #isOnTrial = false;
  #failures = 0;
  #reported = Promise.withResolvers<true>();

  constructor(options: DatabaseMonitorOptions) {
    this.#options = options;
  }

  /** Why the database cannot be used; null when it can. */
  get unavailableReason(): string | null {
    return this.#unavailableReason;
  }

  /** Whether work is worth a try: it can be used, or only work can show whether it can again. */
  get isWorthATry(): boolean {
    return this.#unavailableReason === null || this.#isOnTrial;
  }

  /** Tells that a whole turn went through. */
  worked(): void {
    if (this.#isOnTrial) this.#usable();
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
      : explainDatabaseError(error);
    if (this.#unavailableReason !== trouble) {
      const isOurs = error instanceof UnsuitableDatabase || error instanceof SchemaTooNew;
      this.#options.log.warn("database_away", { reason: isOurs ? trouble : explainFully(error) });
    }
    if (this.isWorthATry) this.#reported.resolve(true);
    if (this.#isOnTrial) this.#failures++;
    this.#unavailableReason = trouble;
    this.#isPartial = isServerAlive(error);
    this.#isOnTrial = false;
  }

  #usable(): void {
    this.#options.log.info("database_usable");
    this.#unavailableReason = null;
    this.#isOnTrial = false;
    this.#failures = 0;
  }

  /**
   * Asks the database for somebody who waits for the answer: at once without, when it is known to be away. Throws
   * {@link DatabaseUnreachable}.
   */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#unavailableReason !== null && !this.#isPartial) throw new DatabaseUnreachable(this.#unavailableReason);
    try {
      return await question();
    } catch (error) {
      if (!isDatabaseUnreachable(error)) throw error;
      this.report(error);
      throw new DatabaseUnreachable(explainDatabaseError(error));
    }
  }

  /** Looks after the connection until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const wasAway = this.#unavailableReason !== null;
        // Somebody else found out meanwhile: another pause holds then.
        if (await this.#pause(this.#pauseAfter(), signal)) continue;
        await this.#try();
        if (wasAway) this.onBack();
      } catch (error) {
        if (signal.aborted) return;
        this.#failures++;
        this.report(error);
      }
    }
  }

  /** Whether a report cut it short. */
  async #pause(ms: number, signal: AbortSignal): Promise<boolean> {
    this.#reported = Promise.withResolvers();
    const over = new AbortController();
    try {
      const whole = delay(ms, AbortSignal.any([signal, over.signal])).then(() => false);
      return await Promise.race([whole, this.#reported.promise]);
    } finally {
      over.abort();
    }
  }

  #pauseAfter(): number {
    if (this.isWorthATry) return PROBE_INTERVAL_MS;
    const { random = Math.random } = this.#options;
    const longest = Math.min(MIN_RETRY_DELAY_MS * 2 ** Math.min(this.#failures, 10), MAX_RETRY_DELAY_MS);
    return longest * (0.5 + random() / 2);
  }

  async #try(): Promise<void> {
    const { database: { sql }, log } = this.#options;
    if (this.#unavailableReason !== null) {
      await withTimeout(ANSWER_TIMEOUT_MS, requireSuitable(sql));
      const applied = await migrate(sql);
      if (applied > 0) log.info("schema_upgraded", { migrations: applied });
      if (this.#isPartial) this.#isOnTrial = true;
      else this.#usable();
    }
    await this.onUsable(await withTimeout(ANSWER_TIMEOUT_MS, historyVersion(sql)));
  }
}
