/**
 * Calls a transaction off while one of its statements may still run for long: after an abort it gets some time to end by
 * itself, then whatever it does is cancelled, and it rolls back. It must not be used where the database serves one connection
 * only (the embedded one).
 */
import { hasCode } from "../../runtime/errors.ts";
import type { Sql } from "./connect.ts";

/** Most imports end within this. What supervises a service waits for longer, mostly 30 s or 90 s, before it kills it. */
const GRACE_MS = 5_000;
const CANCEL_INTERVAL_MS = 500;

const QUERY_CANCELED = "57014";

/**
 * Runs `work`, which the server's process `pid` does; `sql` makes another connection. Throws the signal's reason when it was called
 * off.
 */
export async function cancelOnAbort<T>(
  sql: Sql,
  pid: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Again and again: what is cancelled may have ended just then, and the next statement have begun.
  const cancel = () => {
    timer = setTimeout(cancel, CANCEL_INTERVAL_MS);
    sql`select pg_cancel_backend(${pid})`.catch(() => {});
  };
  const onAbort = () => timer = setTimeout(cancel, GRACE_MS);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await work();
  } catch (error) {
    if (signal.aborted && hasCode(error, QUERY_CANCELED)) throw signal.reason;
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  }
}
