/**
 * Connections to a Postgres server, and what of it rosterd wants (contract, section 8): version 13 or later, UTF-8.
 * `embedded.ts` offers the same for the embedded one.
 */
import postgres from "postgres";

export type Sql = postgres.Sql<{ bigint: number }>;
export type Tx = postgres.TransactionSql<{ bigint: number }>;

/** A database that rosterd works on. */
export interface Database {
  readonly kind: "server" | "embedded";
  /** For short queries. */
  readonly sql: Sql;
  /**
   * Runs `work` in a transaction on a connection of its own, which is thrown away when `work` fails: after a fault in
   * COPY a connection cannot be trusted any more (measured; platform.md).
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The server is not one that rosterd can work with. */
export class UnsuitableDatabase extends Error {
  override readonly name = "UnsuitableDatabase";
  constructor(readonly what: string, readonly mend: string) {
    super(`${what}: ${mend}`);
  }
}

/** Counts and ids are far below 2^53. */
const BIGINT: postgres.PostgresType<number> = { to: 20, from: [20], serialize: String, parse: Number };

/** How every connection is made. Unnamed statements only, so that a pooler may stand in between. */
export const CONNECTION = {
  prepare: false,
  connect_timeout: 10,
  onnotice: () => {},
  connection: { application_name: "rosterd" },
  types: { bigint: BIGINT },
};

/** Connects to a server. Nothing is sent before the first query. */
export function connectServer(url: string): Database {
  const sql = postgres(url, { ...CONNECTION, max: 5, idle_timeout: 60 });
  return {
    kind: "server",
    sql,
    transaction: (work) => onOwnConnection(url, work),
    close: () => sql.end({ timeout: 5 }),
  };
}

/**
 * When the connection is lost, the driver may never say so to a COPY, and it breaks the whole process when it is given
 * one more statement for it, be it the ROLLBACK that it makes of an error (measured; platform.md). So the loss itself
 * ends the transaction here; from then on `work` gets no statement through, and what it comes to is not passed on.
 *
 * When `work` fails in the middle of a COPY, the driver refuses its own ROLLBACK and would tell that instead: it is the fault of
 * `work` that counts, and closing the connection takes everything back.
 */
async function onOwnConnection<T>(url: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const loss = Promise.withResolvers<never>();
  const state: OwnState = { lost: false, fault: null };
  const onclose = () => {
    state.lost = true;
    loss.reject(connectionLost());
  };
  const own = postgres(url, { ...CONNECTION, max: 1, max_lifetime: null, onclose });
  const working = own.begin((tx) => whileConnected(tx, state, work)) as Promise<T>;
  working.catch(() => {});
  loss.promise.catch(() => {});
  try {
    const result = await Promise.race([working, loss.promise]);
    await own.end({ timeout: 5 });
    return result;
  } catch (error) {
    await own.end({ timeout: 0 });
    const covered = (error as { code?: unknown }).code === "COPY_IN_PROGRESS" ? state.fault : null;
    throw covered === null ? error : covered.error;
  }
}

interface OwnState {
  /** The connection is gone. */
  lost: boolean;
  /** Why `work` failed while the connection stood. */
  fault: { error: unknown } | null;
}

type Work<T> = (tx: Tx) => Promise<T>;

function whileConnected<T>(tx: Tx, state: OwnState, work: Work<T>): Promise<T> {
  return new Promise<T>((resolve, reject) =>
    work(refusing(tx, state)).then(
      (result) => state.lost || resolve(result),
      (error) => {
        if (state.lost) return;
        state.fault = { error };
        reject(error);
      },
    )
  );
}

/** The transaction, as long as its connection stands; then every statement throws. The same holds within a savepoint. */
function refusing(tx: Tx, state: OwnState): Tx {
  const demand = () => {
    if (state.lost) throw connectionLost();
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

/** Throws {@link UnsuitableDatabase} when the server is too old or does not store UTF-8. */
export async function requireSuitable(sql: Sql): Promise<void> {
  const [{ version, encoding }] = await sql<{ version: string; encoding: string }[]>`
    select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding`;
  if (Number(version) < 130_000) {
    throw new UnsuitableDatabase(
      `the server is PostgreSQL ${Math.floor(Number(version) / 10_000)}`,
      "13 or later is needed",
    );
  }
  if (encoding !== "UTF8") {
    throw new UnsuitableDatabase(`the database stores ${encoding}`, "create it with the encoding UTF8");
  }
}
