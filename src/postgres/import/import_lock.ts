/**
 * Of all transactions that change users, one at a time: imports, and what people decide about them (contract, section 1, "order").
 */
import type { WaitOptions } from "../../importer/ports.ts";
import { delay } from "../../runtime/delay.ts";
import type { Tx } from "../connection/connect.ts";
import { LOCK_TIMEOUT_MS } from "./lock.ts";

/** One import at a time per database (contract, section 1, "order"). Any number, as long as nobody else locks the same. */
const IMPORT_LOCK = 7_246_002;
/** Shared by all imports that run or wait to run, so that none is taken for one whose process ended. */
const ALIVE_LOCK = 7_246_004;

const RETRY_DELAY_MS = 250;

/** Enough memory to join a million users without going to disk. */
const SETTINGS = [
  "set local work_mem = '128MB'",
  "set local hash_mem_multiplier = 5",
  "set local jit = off",
  // A few thousand users are looked up by their index, not by reading all of them.
  "set local random_page_cost = 1.1",
  "set local synchronous_commit = on",
  `set local lock_timeout = ${LOCK_TIMEOUT_MS}`,
  "set local statement_timeout = 0",
  "set local idle_in_transaction_session_timeout = 0",
  // A backend whose client died would end a long statement first, and hold the lock of imports all the while. PostgreSQL 13
  // does not know it, and not every system can do it.
  `do $$ begin
    perform set_config('client_connection_check_interval', '3s', true);
  exception when undefined_object or invalid_parameter_value then null;
  end $$`,
];

/** Sets up such a transaction. Answers with the process of the server that does its work. */
export async function prepare(tx: Tx): Promise<{ pid: number }> {
  const answers = await tx.unsafe([...SETTINGS, "select pg_backend_pid() as pid"].join(";"));
  return answers[answers.length - 1][0];
}

const ASK = `select pg_try_advisory_xact_lock(${IMPORT_LOCK}) as free`;

/** Waits until no other import runs. A polite question, again and again: a lock that waits could not be called off. */
export async function acquireImportLock(tx: Tx, { signal, onWait }: WaitOptions): Promise<void> {
  await tx.unsafe(`select pg_advisory_xact_lock_shared(${ALIVE_LOCK})`);
  for (let asked = 0;; asked++) {
    const [{ free }] = await tx.unsafe(ASK);
    if (free) break;
    if (asked === 0) onWait?.();
    await delay(RETRY_DELAY_MS, signal);
  }
  await tx.unsafe(END_KILLED);
}

/**
 * Imports of the command line that still say running, although nobody runs or waits, were killed. The latest may be about to
 * wait. Without values in it, as all of these: then a statement goes to the server and back once, not twice.
 */
const END_KILLED = `
  update rosterd.imports set status = 'error', finished_at = now(),
    reason = '{"code": "interrupted", "text": "the process that imported it ended", "line": null}'
  where status = 'running' and taken_key is null and id < (select max(id) from rosterd.imports)
    and not exists (
      select from pg_locks as other
      where other.locktype = 'advisory' and other.objid = ${ALIVE_LOCK} and other.pid <> pg_backend_pid()
        and other.database = (select oid from pg_database where datname = current_database())
    )`;
