/**
 * Cancels a transaction that keeps running after an abort. Canceling takes a second connection, which the embedded
 * database does not have.
 */
import { hasCode } from "../../runtime/errors.ts";
import type { Sql } from "./connect.ts";

/**
 * How long a transaction may continue after an abort. Most imports end within this time. Supervisors usually wait 30 s
 * or 90 s before killing a service.
 */
const GRACE_MS = 5_000;
const CANCEL_INTERVAL_MS = 500;

const QUERY_CANCELED = "57014";

/**
 * Runs `work`, whose statements run on the backend `pid`. `sql` is another connection. Throws the signal's abort reason
 * if the work was canceled.
 */
export async function cancelOnAbort<T>(
  sql: Sql,
  pid: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  // The request is repeated, because it has no effect if it arrives between two statements.
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
