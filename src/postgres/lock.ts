/**
 * Locks rows that other programs may have locked, without a deadlock: a lock is waited for less long than Postgres waits before it
 * looks for deadlocks (`deadlock_timeout`, 1 s), so that rosterd is the one who yields. It lets go of what it got, and asks again.
 */
import { pause } from "../runtime/pause.ts";
import type { Tx } from "./connect.ts";

/** Of every statement of an import. */
export const LOCK_TIMEOUT_MS = 800;

const LOCK_NOT_AVAILABLE = "55P03";
/** Another program was in the way, and rosterd yielded: serialization failure, deadlock, lock not available. */
const YIELDED = new Set(["40001", "40P01", LOCK_NOT_AVAILABLE]);

export function hasYielded(error: unknown): boolean {
  return YIELDED.has(String((error as { code?: unknown } | null)?.code));
}

const MOST_TRIES = 25;
const PAUSE_MS = 200;

/**
 * Runs `work`, which locks rows, again while somebody else has one of them; what it locked is free in between. Throws 55P03 after
 * some 25 s.
 */
export async function lockPatiently<T>(tx: Tx, signal: AbortSignal, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await tx.savepoint(work as never) as T;
    } catch (error) {
      if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE || tries === MOST_TRIES) throw error;
      await pause(PAUSE_MS, signal);
    }
  }
}
