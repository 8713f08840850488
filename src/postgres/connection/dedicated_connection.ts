/**
 * Transactions on a connection of their own, which is thrown away for good when anything goes wrong. `dedicated_connections.ts` decides
 * which transaction gets which.
 */
import { hasCode } from "../../runtime/errors.ts";
import type { Backend, WatchedSocket } from "./watched_socket.ts";
import { SESSION_SETUP } from "../session.ts";
import type { Isolation, Sql, Tx } from "./sql.ts";

/** Makes the connection, and tells when it is closed and which links it is made of: one. */
export type Open = (onclose: () => void, onLink: (link: WatchedSocket) => void) => Sql;

export type Work<T> = (tx: Tx) => Promise<T>;

/**
 * When the connection is lost, the driver may never say so to a COPY, and it breaks the whole process when it is given
 * one more statement for it, be it the ROLLBACK that it makes of an error (measured; platform.md). So the loss itself
 * ends the transaction here; from then on `work` gets no statement through, and what it comes to is not passed on.
 *
 * When `work` fails in the middle of a COPY, the driver refuses its own ROLLBACK and would tell that instead: it is the fault of
 * `work` that counts, and closing the connection takes everything back.
 */
export class DedicatedConnection {
  readonly #sql: Sql;
  readonly #loss = Promise.withResolvers<never>();
  #link: WatchedSocket | null = null;
  #isLost = false;
  #hasBegun = false;

  constructor(open: Open) {
    this.#loss.promise.catch(() => {});
    const onclose = () => {
      this.#isLost = true;
      this.#loss.reject(this.#link?.fault ?? connectionLost());
    };
    this.#sql = open(onclose, (link) => this.#link = link);
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Whether the work of the latest transaction was begun. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** One transaction. When it throws, the connection is of no use any more, and is to be closed at once. */
  async transaction<T>(work: Work<T>, isolation: Isolation): Promise<T> {
    const state: State = { isLost: () => this.#isLost, fault: null };
    this.#hasBegun = false;
    const introduced = async (tx: Tx) => {
      const backend = await introduce(tx);
      if (this.#link !== null) this.#link.backend = backend;
      this.#hasBegun = true;
      return await work(tx);
    };
    const begin = `isolation level ${isolation}`;
    const working = this.#sql.begin(begin, (tx) => whileConnected(tx, state, introduced)) as Promise<T>;
    working.catch(() => {});
    try {
      return await Promise.race([working, this.#loss.promise]);
    } catch (error) {
      const covered = hasCode(error, "COPY_IN_PROGRESS") ? state.fault : null;
      throw covered === null ? error : covered.error;
    }
  }

  /** Ends it with a good-bye, which does not get through a frozen link. */
  async close(): Promise<void> {
    await this.#sql.end({ timeout: 5 });
    this.#link?.destroy();
  }

  /** Ends it whatever it does. */
  async discard(): Promise<void> {
    await this.#sql.end({ timeout: 0 });
    this.#link?.destroy();
  }
}

/** Also that a client whose machine is gone is noticed within a minute, not after the two hours that are usual. */
const INTRODUCTION = `${SESSION_SETUP}; ` +
  "set local tcp_keepalives_idle = 20; set local tcp_keepalives_interval = 10; set local tcp_keepalives_count = 3; " +
  `select pid, extract(epoch from backend_start)::text as "startedAt" from pg_stat_get_activity(pg_backend_pid())`;

/** Who does the work, asked within each transaction: with a pooler in between only that is true. */
async function introduce(tx: Tx): Promise<Backend | null> {
  const answers = await tx.unsafe(INTRODUCTION) as unknown as Backend[][];
  return answers[answers.length - 1][0] ?? null;
}

interface State {
  /** Whether the connection is gone. */
  isLost: () => boolean;
  /** Why `work` failed while the connection stood. */
  fault: { error: unknown } | null;
}

function whileConnected<T>(tx: Tx, state: State, work: Work<T>): Promise<T> {
  return new Promise<T>((resolve, reject) =>
    work(refusing(tx, state)).then(
      (result) => state.isLost() || resolve(result),
      (error) => {
        if (state.isLost()) return;
        state.fault = { error };
        reject(error);
      },
    )
  );
}

/** The transaction, as long as its connection stands; then every statement throws. The same holds within a savepoint. */
function refusing(tx: Tx, state: State): Tx {
  const demand = () => {
    if (state.isLost()) throw connectionLost();
  };
  return new Proxy(tx, {
    apply(target, self, words) {
      demand();
      return Reflect.apply(target, self, words);
    },
    get(target, name) {
      if (name === "unsafe") demand();
      if (name === "savepoint") {
        return (work: Work<unknown>) => target.savepoint((inner) => whileConnected(inner, state, work));
      }
      return Reflect.get(target, name);
    },
  });
}

function connectionLost(): Error {
  return Object.assign(new Error("the connection to the database was lost"), { code: "CONNECTION_CLOSED" });
}
