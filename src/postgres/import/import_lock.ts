/** Ensures that only one import or decision changes users at a time (docs/reliability.md#one-transaction). */
import type { WaitOptions } from "../../importer/ports.ts";
import { delay } from "../../runtime/delay.ts";
import type { Tx } from "../connection/connect.ts";
import { LOCK_TIMEOUT_MS } from "./lock.ts";

/** The key of the advisory lock for imports: an arbitrary number that no other program uses. */
const IMPORT_LOCK = 7_246_002;
/**
 * All running and waiting imports hold this lock in shared mode, so that none of them is mistaken for an import whose
 * process has ended.
 */
const ALIVE_LOCK = 7_246_004;

const RETRY_DELAY_MS = 250;

/** With this much working memory, PostgreSQL joins a million users without writing to disk. */
const SETTINGS = [
  "set local work_mem = '128MB'",
  "set local hash_mem_multiplier = 5",
  "set local jit = off",
  // With this setting, the planner looks up a few thousand users by index instead of reading all users.
  "set local random_page_cost = 1.1",
  "set local synchronous_commit = on",
  `set local lock_timeout = ${LOCK_TIMEOUT_MS}`,
  "set local statement_timeout = 0",
  "set local idle_in_transaction_session_timeout = 0",
  // The server checks the connection during long statements. Otherwise, a backend without a client would keep the
  // import lock until its statement ended. PostgreSQL 13 lacks this setting, and some operating systems do not support
  // it.
  `do $$ begin
    perform set_config('client_connection_check_interval', '3s', true);
  exception when undefined_object or invalid_parameter_value then null;
  end $$`,
];

/** Prepares a transaction that only plans an import. */
export async function prepare(tx: Tx): Promise<void> {
  await tx.unsafe(SETTINGS.join("; "));
}

const TRY_LOCK = `select pg_backend_pid() as pid, pg_try_advisory_xact_lock(${IMPORT_LOCK}) as free`;
const BEGIN = [...SETTINGS, `select pg_advisory_xact_lock_shared(${ALIVE_LOCK})`, TRY_LOCK].join("; ");

/**
 * Prepares a transaction that changes users, and waits until no other import is running. Requests the lock repeatedly,
 * because a request that blocks could not be aborted. Resolves to the pid of the backend.
 */
export async function acquireImportLock(tx: Tx, { signal, onWait }: WaitOptions): Promise<{ pid: number }> {
  let [{ pid, free }] = (await tx.unsafe(BEGIN)).at(-1)!;
  if (!free) onWait?.();
  while (!free) {
    await delay(RETRY_DELAY_MS, signal);
    [{ free }] = await tx.unsafe(TRY_LOCK);
  }
  await tx.unsafe(END_KILLED);
  return { pid };
}

/**
 * Marks command-line imports as failed if their processes were killed. Skips the latest import, because its process may
 * be about to wait for the lock.
 */
const END_KILLED = `
  update rosterd.imports set status = 'error', finished_at = now(),
    reason = '{"code": "interrupted", "text": "the process that was importing the file ended", "line": null}'
  where status = 'running' and taken_key is null and id < (select max(id) from rosterd.imports)
    and not exists (
      select from pg_locks as other
      where other.locktype = 'advisory' and other.objid = ${ALIVE_LOCK} and other.pid <> pg_backend_pid()
        and other.database = (select oid from pg_database where datname = current_database())
    )`;
