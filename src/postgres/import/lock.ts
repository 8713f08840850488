/**
 * Works on rows that other programs work on too, so that none of them is ever ended for a deadlock. Postgres lets whoever
 * has waited for `deadlock_timeout` (1 s) look for a circle, and ends that one: not rosterd, but perhaps the other program.
 * So rosterd waits for nobody while it has rows locked; where a wait cannot be avoided (for a unique value that somebody is
 * about to write), it is over at once. Then everything is let go, and tried again a little later.
 */
import { codeOf } from "../../runtime/errors.ts";
import { delay } from "../../runtime/delay.ts";
import type { Tx } from "../connection/connect.ts";

/** While nothing is locked that somebody else may want. */
export const LOCK_TIMEOUT_MS = 800;

/** While something is, as a part of `deadlock_timeout`. */
const BRIEF_PART = 0.05;

const LOCK_NOT_AVAILABLE = "55P03";
/** Another program was in the way, and rosterd yielded: serialization failure, deadlock, lock not available. */
const YIELDED = new Set(["40001", "40P01", LOCK_NOT_AVAILABLE]);

export function hasYielded(error: unknown): boolean {
  return YIELDED.has(codeOf(error));
}

const UNIQUE_VIOLATION = "23505";

/** Another program wrote a unique value that was to be written. */
export function isTaken(error: unknown): boolean {
  return codeOf(error) === UNIQUE_VIOLATION;
}

/** Another program has had rows locked for longer than rosterd waits. */
export class LockedByOthers extends Error {
  override readonly name = "LockedByOthers";
  readonly code = "users_locked";
  constructor(cause: unknown) {
    super("another program has users or permits of this roster locked", { cause });
  }
}

export interface LockPatience {
  signal: AbortSignal;
  /** How long other programs are waited for, in all. */
  patienceMs: number;
}

/** One of the attempts that {@link lockPatiently} makes. */
export interface LockAttempt {
  /** Within the savepoint of the attempt. */
  tx: Tx;
  /**
   * Locks rows by a query that ends with `nowait` and answers whether it has all that it wants as it wants them. Throws
   * what is taken for a reason to try again.
   */
  lock(query: string, values?: (string | number)[]): Promise<boolean>;
  /** Whether tables are to be locked in another order than before: the program in the way may have its own. */
  reversed: boolean;
}

const MIN_RETRY_DELAY_MS = 100;
const MAX_RETRY_DELAY_MS = 1_000;

/**
 * Runs `work`, which locks rows and then changes them, again while somebody else is in the way; in between nothing of it
 * remains. Throws {@link LockedByOthers}.
 */
export async function lockPatiently<T>(
  tx: Tx,
  { signal, patienceMs }: LockPatience,
  work: (attempt: LockAttempt) => Promise<T>,
): Promise<T> {
  const end = performance.now() + patienceMs;
  const [{ deadlock_timeout }] = await tx<{ deadlock_timeout: number }[]>`
    select extract(epoch from current_setting('deadlock_timeout')::interval)::float8 * 1000 as deadlock_timeout`;
  const attempt = async (inner: Tx, reversed: boolean) => {
    await inner.unsafe(`set local lock_timeout = ${Math.ceil(BRIEF_PART * deadlock_timeout)}`);
    return await work({ tx: inner, reversed, lock: (query, values = []) => lockRows(inner, query, values, signal) });
  };
  for (let tries = 1, pauseMs = MIN_RETRY_DELAY_MS;; tries++, pauseMs = Math.min(2 * pauseMs, MAX_RETRY_DELAY_MS)) {
    try {
      return await tx.savepoint(((inner: Tx) => attempt(inner, tries % 2 === 0)) as never) as T;
    } catch (error) {
      if (!hasYielded(error)) throw error;
      if (performance.now() + pauseMs > end) throw new LockedByOthers(error);
      await delay(pauseMs, signal);
    }
  }
}

/** How long others may have to wait for what is locked already while the rest is tried for. */
const HOLD_MS = 400;
const TRY_REST_MS = 20;

/**
 * Locks first whatever is free: from then on nobody new gets hold of these, and who has one of the others is mostly about to
 * end. Waiting would do no better, even where others change a few users without a pause (measured).
 */
async function lockRows(tx: Tx, query: string, values: (string | number)[], signal: AbortSignal): Promise<boolean> {
  const [{ complete }] = await tx.unsafe(query.replace("nowait", "skip locked"), values);
  if (complete) return true;
  for (const end = performance.now() + HOLD_MS;;) {
    try {
      return (await tx.savepoint((inner) => inner.unsafe(query, values)))[0].complete;
    } catch (error) {
      if (!hasYielded(error) || performance.now() > end) throw error;
      await delay(TRY_REST_MS, signal);
    }
  }
}
