/**
 * Of several rosterd on one database one works and the others stand by: whoever holds this lock. It is held in a
 * transaction of its own that does nothing else, so that it also holds through a pooler, and ends with the connection.
 */
import { within } from "../runtime/within.ts";
import type { Database } from "./connect.ts";

/** Any number, as long as nobody else locks the same one. */
const LEADER_LOCK = 7_246_003;
const PROVE_EVERY_MS = 10_000;
const RESIGN_WITHIN_MS = 5_000;

export class Leadership {
  readonly #database: Database;
  #holds = false;
  #resign = Promise.withResolvers<void>();
  #ended: Promise<void> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Whether this process leads as far as it knows. The embedded database has one process only. */
  get holds(): boolean {
    return this.#holds || this.#database.kind === "embedded";
  }

  /** Tries to lead; true when this process does. Throws when the database cannot be asked. */
  async seek(): Promise<boolean> {
    if (this.holds) return true;
    await this.#ended;
    const answer = Promise.withResolvers<boolean>();
    this.#resign = Promise.withResolvers();
    this.#ended = this.#hold(answer).then(() => answer.resolve(false), answer.reject).finally(() => {
      this.#holds = false;
    });
    return await answer.promise;
  }

  /** Gives the lead away. Over a frozen link it cannot be given: it ends with the connection. */
  async resign(): Promise<void> {
    this.#resign.resolve();
    await within(RESIGN_WITHIN_MS, this.#ended).catch(() => {});
  }

  async #hold(answer: PromiseWithResolvers<boolean>): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await tx.unsafe("set local idle_in_transaction_session_timeout = 0");
      const [{ leads }] = await tx<{ leads: boolean }[]>`select pg_try_advisory_xact_lock(${LEADER_LOCK}) as leads`;
      if (!leads) return;
      this.#holds = true;
      answer.resolve(true);
      while (!await this.#resignedWithin(PROVE_EVERY_MS)) await tx`select 1`;
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
