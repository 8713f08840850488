/**
 * Elects one leader among several rosterd processes. The leader holds its lock in a separate transaction, so that the
 * election also works through a pooler.
 */
import { delay } from "../runtime/delay.ts";
import { withTimeout } from "../runtime/with_timeout.ts";
import type { Database, Sql } from "./connection/connect.ts";

/** The key of the leader's advisory lock: an arbitrary number that no other program uses. */
const LEADER_LOCK = 7_246_003;
const TRY_LOCK = `select pg_try_advisory_xact_lock(${LEADER_LOCK}) as leads`;
const PROOF_INTERVAL_MS = 10_000;
const RESIGN_TIMEOUT_MS = 5_000;
/**
 * After this time without a statement, the leader is considered hung. The server releases its lock, and another process
 * takes over within a minute.
 */
const LOST_AFTER = "40s";

export class Leadership {
  #leads = false;
  #seeking: Promise<boolean> | null = null;
  #term = new AbortController();
  #resignation = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(private readonly database: Database) {}

  /** Whether this process considers itself the leader. With the embedded database, this is always true. */
  get holds(): boolean {
    return this.#leads || this.database.kind === "embedded";
  }

  /** A signal that aborts when leadership is lost. Work must then stop, because another process may have taken over. */
  get term(): AbortSignal {
    return this.#term.signal;
  }

  /** Tries to become the leader. Throws if the database is unreachable. */
  seek(): Promise<boolean> {
    if (this.holds) return Promise.resolve(true);
    // Only one attempt runs at a time. Otherwise, a second attempt would find the lock taken by the first one.
    return this.#seeking ??= this.#ask().finally(() => this.#seeking = null);
  }

  async #ask(): Promise<boolean> {
    await this.#ended;
    const answer = Promise.withResolvers<boolean>();
    const resignation = this.#resignation = new AbortController();
    this.#ended = this.#hold(answer).then(() => answer.resolve(false), answer.reject).finally(() => {
      this.#leads = false;
      this.#term.abort(new Error("leadership was lost"));
      // If the connection was lost, this ends the wait for the next proof.
      resignation.abort();
    });
    return await answer.promise;
  }

  /** Gives up leadership. If the link is frozen, the server keeps the lock until the connection ends. */
  async resign(): Promise<void> {
    this.#resignation.abort();
    await withTimeout(RESIGN_TIMEOUT_MS, this.#ended).catch(() => {});
  }

  /**
   * Holds the lock until resignation. Statements without parameters leave no portal open. An open one would keep its
   * snapshot, and `create index concurrently` waits for the end of a transaction with an older snapshot.
   */
  async #hold(answer: PromiseWithResolvers<boolean>): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.unsafe(`set local idle_in_transaction_session_timeout = '${LOST_AFTER}'`);
      const [{ leads }] = await tx.unsafe<{ leads: boolean }[]>(TRY_LOCK);
      if (!leads) return;
      this.#leads = true;
      this.#term = new AbortController();
      answer.resolve(true);
      const stillLeads = () => delay(PROOF_INTERVAL_MS, this.#resignation.signal).then(() => true, () => false);
      while (await stillLeads()) await tx.unsafe("select 1");
    });
  }
}

/** When the current leader took over; null if no process is the leader. */
export async function leadsSince(sql: Sql): Promise<Date | null> {
  const [leader] = await sql<{ since: Date }[]>`
    select coalesce(activity.xact_start, now()) as since
    from pg_locks left join pg_stat_activity as activity using (pid)
    where locktype = 'advisory' and objid = ${LEADER_LOCK} and granted
      and database = (select oid from pg_database where datname = current_database())`;
  return leader?.since ?? null;
}
