/**
 * Of several rosterd on one database one works and the others stand by: whoever holds this lock. It is held in a
 * transaction of its own that does nothing else, so that it also holds through a pooler, and ends with the connection.
 */
import { withTimeout } from "../runtime/with_timeout.ts";
import type { Database, Sql } from "./connection/connect.ts";

/** Any number, as long as nobody else locks the same one. */
const LEADER_LOCK = 7_246_003;
const PROOF_INTERVAL_MS = 10_000;
const RESIGN_TIMEOUT_MS = 5_000;
/**
 * A leader that proves nothing for so long hangs, or its machine does: the server takes the lock away, and another one leads
 * within a minute.
 */
const LOST_AFTER = "40s";

export class Leadership {
  readonly #database: Database;
  #holds = false;
  #seeking: Promise<boolean> | null = null;
  #term = new AbortController();
  #resign = Promise.withResolvers<void>();
  #ended: Promise<void> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Whether this process leads as far as it knows. The embedded database has one process only. */
  get holds(): boolean {
    return this.#holds || this.#database.kind === "embedded";
  }

  /** Aborted when the lead is lost: whoever lost it stops working, since another one may have begun. */
  get term(): AbortSignal {
    return this.#term.signal;
  }

  /** Tries to lead; true when this process does. Throws when the database cannot be asked. */
  seek(): Promise<boolean> {
    if (this.holds) return Promise.resolve(true);
    // Two questions at once would be two connections, of which the second is told that somebody leads: the first.
    return this.#seeking ??= this.#ask().finally(() => this.#seeking = null);
  }

  async #ask(): Promise<boolean> {
    await this.#ended;
    const answer = Promise.withResolvers<boolean>();
    const resign = this.#resign = Promise.withResolvers();
    this.#ended = this.#hold(answer).then(() => answer.resolve(false), answer.reject).finally(() => {
      this.#holds = false;
      this.#term.abort(new Error("the lead was lost"));
      // The connection may be lost while it waits for its next proof.
      resign.resolve();
    });
    return await answer.promise;
  }

  /** Gives the lead away. Over a frozen link it cannot be given: it ends with the connection. */
  async resign(): Promise<void> {
    this.#resign.resolve();
    await withTimeout(RESIGN_TIMEOUT_MS, this.#ended).catch(() => {});
  }

  async #hold(answer: PromiseWithResolvers<boolean>): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await tx.unsafe(`set local idle_in_transaction_session_timeout = '${LOST_AFTER}'`);
      const [{ leads }] = await tx<{ leads: boolean }[]>`select pg_try_advisory_xact_lock(${LEADER_LOCK}) as leads`;
      if (!leads) return;
      this.#holds = true;
      this.#term = new AbortController();
      answer.resolve(true);
      while (!await this.#resignedWithin(PROOF_INTERVAL_MS)) await tx`select 1`;
    });
  }

  async #resignedWithin(ms: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<boolean>((resolve) => timer = setTimeout(resolve, ms, false));
    const resigned = await Promise.race([this.#resign.promise.then(() => true), over]);
    clearTimeout(timer);
    return resigned;
  }
}

/** Since when a rosterd leads on this database, the embedded one apart; null when none does. */
export async function leadsSince(sql: Sql): Promise<Date | null> {
  const [leader] = await sql<{ since: Date }[]>`
    select coalesce(activity.xact_start, now()) as since
    from pg_locks left join pg_stat_activity as activity using (pid)
    where locktype = 'advisory' and objid = ${LEADER_LOCK} and granted
      and database = (select oid from pg_database where datname = current_database())`;
  return leader?.since ?? null;
}
