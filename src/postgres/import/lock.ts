/**
 * Locks rows that other programs also use, without ever causing another program's transaction to be canceled in a
 * deadlock. After `deadlock_timeout` (1 s), PostgreSQL cancels the transaction that detects the deadlock, which may
 * belong to another program. Therefore, rosterd never waits long while it holds row locks. It releases its locks and
 * retries a little later.
 */
import { codeOf } from "../../runtime/errors.ts";
import { delay } from "../../runtime/delay.ts";
import type { Tx } from "../connection/connect.ts";

/** The lock timeout while rosterd holds no row locks. */
export const LOCK_TIMEOUT_MS = 800;

/** The lock timeout while rosterd holds row locks: a twentieth of `deadlock_timeout`. */
const BRIEFLY = `select set_config('lock_timeout',
  ceil(50 * extract(epoch from current_setting('deadlock_timeout')::interval))::text, true)`;

const LOCK_NOT_AVAILABLE = "55P03";
/**
 * The error codes with which rosterd gives way to another program: serialization failure, deadlock, lock not available.
 */
const YIELDED = new Set(["40001", "40P01", LOCK_NOT_AVAILABLE]);

export function hasYielded(error: unknown): boolean {
  return YIELDED.has(codeOf(error));
}

const UNIQUE_VIOLATION = "23505";

/** Whether another program has written a unique value that rosterd needed. */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === UNIQUE_VIOLATION;
}

export class LockedByOthers extends Error {
  override readonly name = "LockedByOthers";
  readonly code = "users_locked";
  constructor(cause: unknown) {
    super("another program has locked users or permits that this roster changes", { cause });
  }
}

export interface LockWait {
  signal: AbortSignal;
  /** The total time to wait for other programs. */
  waitMs: number;
}

export interface LockAttempt {
  tx: Tx;
  /** Runs a query that locks rows with `nowait`. Resolves to the value of its column `complete`. */
  lock(query: string, values?: (string | number)[]): Promise<boolean>;
  /** Whether to lock the tables in reverse order, in case the other program does. */
  reversed: boolean;
}

const MIN_RETRY_DELAY_MS = 100;
const MAX_RETRY_DELAY_MS = 1_000;

/**
 * Runs `work` in a savepoint and retries it until it succeeds. `work` locks rows and then changes them. Throws {@link
 * LockedByOthers}.
 */
export async function lockWithRetry<T>(
  tx: Tx,
  { signal, waitMs }: LockWait,
  work: (attempt: LockAttempt) => Promise<T>,
): Promise<T> {
  const end = performance.now() + waitMs;
  const attemptOnce = async (inner: Tx, reversed: boolean) => {
    await inner.unsafe(BRIEFLY);
    return await work({ tx: inner, reversed, lock: (query, values = []) => lockRows(inner, query, values, signal) });
  };
  for (let attempt = 1, delayMs = MIN_RETRY_DELAY_MS;; attempt++, delayMs = Math.min(2 * delayMs, MAX_RETRY_DELAY_MS)) {
    try {
      return await tx.savepoint(((inner: Tx) => attemptOnce(inner, attempt % 2 === 0)) as never) as T;
    } catch (error) {
      if (!hasYielded(error)) throw error;
      if (performance.now() + delayMs > end) throw new LockedByOthers(error);
      await delay(delayMs, signal);
    }
  }
}

/** How long rosterd keeps some rows locked while it tries to lock the remaining rows. */
const MAX_PARTIAL_LOCK_MS = 400;
const LOCK_INTERVAL_MS = 20;

/** First locks all free rows, so that no other program can lock them. Then keeps trying to lock the others. */
async function lockRows(tx: Tx, query: string, values: (string | number)[], signal: AbortSignal): Promise<boolean> {
  const [{ complete }] = await tx.unsafe(query.replace("nowait", "skip locked"), values);
  if (complete) return true;
  for (const end = performance.now() + MAX_PARTIAL_LOCK_MS;;) {
    try {
      return (await tx.savepoint((inner) => inner.unsafe(query, values)))[0].complete;
    } catch (error) {
      if (!hasYielded(error) || performance.now() > end) throw error;
      await delay(LOCK_INTERVAL_MS, signal);
    }
  }
}
