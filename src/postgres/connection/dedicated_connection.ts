import { errorWithCode, hasCode } from "../../runtime/errors.ts";
import type { Backend, WatchedSocket } from "./watched_socket.ts";
import { SESSION_SETUP } from "../session.ts";
import type { Isolation, Session, Sql, Tx } from "./sql.ts";

/** Opens a connection. Calls `onLink` with its socket, and `onclose` when the connection closes. */
export type Open = (onclose: () => void, onLink: (link: WatchedSocket) => void) => Sql;

export type Work<T> = (tx: Tx, session: Session) => Promise<T>;

/**
 * Runs transactions on a separate connection, which must be discarded after any error.
 *
 * After a connection is lost, the driver may never finish a COPY, and any further statement, even its own ROLLBACK,
 * crashes the process (measured). Losing the connection therefore ends the transaction at once, and every later
 * statement of `work` throws.
 *
 * If `work` fails during a COPY, the driver reports only that its ROLLBACK was refused. This class throws the error
 * from `work` instead. Closing the connection rolls back the whole transaction.
 */
export class DedicatedConnection {
  readonly #sql: Sql;
  readonly #loss = Promise.withResolvers<never>();
  readonly #session = { isOwn: false, hasTables: false };
  #link: WatchedSocket | null = null;
  isLost = false;
  hasBegun = false;

  constructor(open: Open) {
    this.#loss.promise.catch(() => {});
    const onclose = () => {
      this.isLost = true;
      this.#loss.reject(this.#link?.fault ?? connectionLost());
    };
    this.#sql = open(onclose, (link) => this.#link = link);
  }

  /** Runs one transaction. If the transaction throws, the caller must discard the connection. */
  async transaction<T>(work: Work<T>, isolation: Isolation): Promise<T> {
    const state: State = { isLost: () => this.isLost, fault: null };
    this.hasBegun = false;
    const identified = async (tx: Tx) => {
      const backend = await identifyBackend(tx);
      if (this.#link !== null) this.#link.backend = backend;
      this.#session.isOwn = this.#link?.hasOwnBackend ?? false;
      this.hasBegun = true;
      return await work(tx, this.#session);
    };
    const begin = `isolation level ${isolation}`;
    const working = this.#sql.begin(begin, (tx) => whileConnected(tx, state, identified)) as Promise<T>;
    working.catch(() => {});
    try {
      return await Promise.race([working, this.#loss.promise]);
    } catch (error) {
      const hidden = hasCode(error, "COPY_IN_PROGRESS") ? state.fault : null;
      throw hidden === null ? error : hidden.error;
    }
  }

  /** Closes the connection gracefully, which does not work over a frozen link. */
  async close(): Promise<void> {
    await this.#sql.end({ timeout: 5 });
    this.#link?.destroy();
  }

  async discard(): Promise<void> {
    await this.#sql.end({ timeout: 0 });
    this.#link?.destroy();
  }
}

/** With these keepalives, the server notices within a minute that a client has vanished, instead of after two hours. */
const IDENTIFY_BACKEND = `${SESSION_SETUP}; ` +
  "set local tcp_keepalives_idle = 20; set local tcp_keepalives_interval = 10; set local tcp_keepalives_count = 3; " +
  `select pid, extract(epoch from backend_start)::text as "startedAt" from pg_stat_get_activity(pg_backend_pid())`;

/** Finds the backend in each transaction, because a pooler may use a different one each time. */
async function identifyBackend(tx: Tx): Promise<Backend | null> {
  const answers = await tx.unsafe(IDENTIFY_BACKEND) as unknown as Backend[][];
  return answers[answers.length - 1][0] ?? null;
}

interface State {
  isLost: () => boolean;
  fault: { error: unknown } | null;
}

function whileConnected<T>(tx: Tx, state: State, work: (tx: Tx) => Promise<T>): Promise<T> {
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

/** Wraps the transaction so that every statement throws once the connection is lost, even within a savepoint. */
function refusing(tx: Tx, state: State): Tx {
  const requireConnection = () => {
    if (state.isLost()) throw connectionLost();
  };
  return new Proxy(tx, {
    apply(target, self, args) {
      requireConnection();
      return Reflect.apply(target, self, args);
    },
    get(target, name) {
      if (name === "unsafe") requireConnection();
      if (name === "savepoint") {
        return (work: (tx: Tx) => Promise<unknown>) => target.savepoint((inner) => whileConnected(inner, state, work));
      }
      return Reflect.get(target, name);
    },
  });
}

function connectionLost(): Error {
  return errorWithCode("CONNECTION_CLOSED", "the connection to the database was lost");
}
