/**
 * Connects to the database, migrates it, and reconnects with increasing delays. Neither startup nor HTTP waits for the
 * database.
 */
import { DatabaseUnreachable } from "../http/service.ts";
import { type Database, requireSuitable, UnsuitableDatabase } from "../postgres/connection/connect.ts";
import {
  explainDatabaseError,
  explainFully,
  isDatabaseUnreachable,
  isServerAlive,
} from "../postgres/connection/errors.ts";
import { explainWithRights } from "../postgres/rights.ts";
import { historyVersion } from "../postgres/history/history.ts";
import { migrate, SchemaTooNew } from "../postgres/migrate.ts";
import type { Clock } from "../runtime/clock.ts";
import { codeOrThrow, hasCode } from "../runtime/errors.ts";
import type { Log } from "../runtime/log.ts";
import { delay } from "../runtime/delay.ts";
import { withTimeout } from "../runtime/with_timeout.ts";

const MIN_RETRY_DELAY_MS = 1_000;
/**
 * The delay is short, because a failover must be over within a minute, however long the promotion of the standby takes.
 */
const MAX_RETRY_DELAY_MS = 10_000;
const PROBE_INTERVAL_MS = 10_000;
const ANSWER_TIMEOUT_MS = 10_000;

export interface DatabaseMonitorOptions {
  database: Database;
  clock: Clock;
  log: Log;
  random?: () => number;
}

export class DatabaseMonitor {
  /** Called with {@link historyVersion} after each successful probe. Set this callback before calling `start`. */
  onUsable: (historyVersion: string) => Promise<void> = async () => {};
  /** Called when an unreachable database answers again. Set this callback before calling `start`. */
  onBack: () => void = () => {};
  #unavailableReason: string | null = "the database has not answered yet";
  /**
   * The server answers but cannot work, because of a full disk or a missing privilege. Only a trial turn shows whether
   * the server has recovered.
   */
  #isPartial = false;
  #isOnTrial = false;
  /** The error about a missing privilege (42501), until that privilege is identified. */
  #refusal: unknown = null;
  /** The time when the loop last made progress, by the monotonic clock. */
  movedAt: number;
  #failures = 0;
  #reported = Promise.withResolvers<true>();

  constructor(private readonly options: DatabaseMonitorOptions) {
    this.movedAt = options.clock.elapsed();
  }

  /** The reason why the database cannot be used; null while it is usable. */
  get unavailableReason(): string | null {
    return this.#unavailableReason;
  }

  /** True if the database is usable or if only a trial turn can show whether it is. */
  get isWorthTrying(): boolean {
    return this.#unavailableReason === null || this.#isOnTrial;
  }

  /** Reports that a whole turn has run without a database error. */
  worked(): void {
    if (this.#isOnTrial) this.#usable();
  }

  /**
   * Tries to connect once and reports an unreachable server. Throws {@link UnsuitableDatabase} or {@link SchemaTooNew}.
   */
  async start(): Promise<void> {
    await this.#try().catch((error) => {
      if (error instanceof UnsuitableDatabase || error instanceof SchemaTooNew) throw error;
      this.report(error);
    });
    await this.#nameMissingRight().catch((error) => this.report(error));
  }

  /** Reports an error that makes the database unusable. */
  report(error: unknown): void {
    const isOurs = error instanceof UnsuitableDatabase || error instanceof SchemaTooNew;
    const reason = isOurs ? error.message : explainDatabaseError(error);
    const wasWorthTrying = this.isWorthTrying;
    if (hasCode(error, "42501")) this.#refusal = error;
    else this.#note(reason, isOurs ? reason : explainFully(error));
    if (wasWorthTrying) this.#reported.resolve(true);
    if (this.#isOnTrial) this.#failures++;
    this.#unavailableReason ??= reason;
    this.#isPartial = isServerAlive(error);
    this.#isOnTrial = false;
  }

  #note(reason: string, fully: string): void {
    if (this.#unavailableReason !== reason) this.options.log.warn("database_away", { reason: fully });
    this.#unavailableReason = reason;
  }

  /** Determines which privilege is missing, because the server's error code does not say. */
  async #nameMissingRight(): Promise<void> {
    const refusal = this.#refusal;
    if (refusal === null) return;
    this.#refusal = null;
    const reason = await withTimeout(ANSWER_TIMEOUT_MS, explainWithRights(this.options.database.sql, refusal));
    this.#note(reason, reason);
  }

  #usable(): void {
    this.options.log.info("database_usable");
    this.#unavailableReason = null;
    this.#isOnTrial = false;
    this.#failures = 0;
  }

  /**
   * Queries the database. Throws {@link DatabaseUnreachable}, without another attempt if the database is known to be
   * unreachable.
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

  /** Probes the connection until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.movedAt = this.options.clock.elapsed();
      try {
        await this.#nameMissingRight();
        const wasUnreachable = this.#unavailableReason !== null;
        // A reported error or success changes the length of the pause.
        if (await this.#pause(this.#pauseAfter(), signal)) continue;
        await this.#try();
        if (wasUnreachable) this.onBack();
      } catch (error) {
        if (signal.aborted) return;
        this.#failures++;
        this.report(error);
        // Without a primary, there is no server to switch to yet.
        await this.options.database.leaveOldPrimary().catch(codeOrThrow);
      }
    }
  }

  /** Waits until the next probe. Resolves to whether a reported error or success ended the wait early. */
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
    if (this.isWorthTrying) return PROBE_INTERVAL_MS;
    const { random = Math.random } = this.options;
    const maxMs = Math.min(MIN_RETRY_DELAY_MS * 2 ** Math.min(this.#failures, 10), MAX_RETRY_DELAY_MS);
    return maxMs * (0.5 + random() / 2);
  }

  async #try(): Promise<void> {
    const { database: { sql }, log } = this.options;
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
