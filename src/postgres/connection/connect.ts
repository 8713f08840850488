/**
 * Connects to a PostgreSQL server, which must be version 13 or later and store UTF-8 (docs/database.md#connections).
 */
import postgres from "postgres";
import { parseDatabaseUrl } from "../../domain/database_url.ts";
import { trustedAuthorities } from "../../runtime/certificates.ts";
import { errorWithCode } from "../../runtime/errors.ts";
import { withTimeout } from "../../runtime/with_timeout.ts";
import { BackendProbe, LINK_TIMEOUTS, type LinkTimeouts } from "./backend_probe.ts";
import { type FoundHost, HOST_STATE, type HostState, PrimaryFinder } from "./primary.ts";
import { type Address, WatchedSocket } from "./watched_socket.ts";
import { DedicatedConnections } from "./dedicated_connections.ts";
import { CONNECTION, type Isolation, type Session, type Sql, type Tx } from "./sql.ts";

export type { Isolation, Session, Sql, Tx } from "./sql.ts";

export interface Database {
  readonly kind: "server" | "embedded";
  readonly sql: Sql;
  /**
   * Runs `work` in a transaction on its own connection. The connection is discarded after any error, because a failed
   * COPY leaves it unreliable (measured).
   */
  transaction<T>(work: (tx: Tx, session: Session) => Promise<T>, isolation?: Isolation): Promise<T>;
  /** After an error, closes the links to all hosts except the primary. */
  leaveOldPrimary(): Promise<void>;
  close(): Promise<void>;
}

export class UnsuitableDatabase extends Error {
  override readonly name = "UnsuitableDatabase";
  constructor(readonly what: string, readonly fix: string) {
    super(`${what}: ${fix}`);
  }
}

/** Opens a pool that connects on its first query. The pool closes frozen links (`backend_probe.ts`). */
export function connectServer(url: string, patience: LinkTimeouts = LINK_TIMEOUTS): Database {
  const open = new Set<WatchedSocket>();
  // A frozen link to an old primary would never be reported as lost.
  const leave = (isOld: (host: FoundHost) => boolean) => {
    for (const link of open) if (link.host !== null && isOld(link.host)) link.destroy(movedOn());
  };
  const { connect, findPrimary } = connector(url, (found) => leave(({ timeline }) => timeline < found.timeline));
  const probe = new BackendProbe(() => connect({ max: 1 }, unwatched), patience);
  const watched = (address: Address) => {
    const link = new WatchedSocket({
      address,
      silenceMs: patience.silenceMs,
      onSilence: (link) => probe.shouldKeepWaiting(link),
    });
    open.add(link);
    link.once("close", () => open.delete(link));
    return link;
  };
  const own = new DedicatedConnections((onclose, onLink) =>
    connect({ max: 1, max_lifetime: null, onclose }, (address) => {
      const link = watched(address);
      onLink(link);
      return link;
    })
  );
  const sql = connect({ max: 5, idle_timeout: 60 }, watched);
  return {
    kind: "server",
    // If a pooled connection is lost during a transaction, the driver crashes the process (measured).
    sql: Object.assign(sql, { begin: (work: (tx: Tx) => Promise<unknown>) => own.transaction(work) }) as Sql,
    transaction: (work, isolation) => own.transaction(work, isolation),
    async leaveOldPrimary() {
      const found = await findPrimary();
      leave(({ host, port }) => host !== found.host || port !== found.port);
    },
    async close() {
      await Promise.all([sql.end({ timeout: 5 }), own.close(), probe.close()]);
      // The remaining links are destroyed, because a graceful close never completes over a frozen link.
      for (const link of open) link.destroy();
    },
  };
}

function movedOn(): Error {
  return errorWithCode("CONNECTION_CLOSED", "another server is the primary now");
}

function unwatched(address: Address): WatchedSocket {
  return new WatchedSocket({ address, silenceMs: 0, onSilence: null });
}

type Connect = (options: postgres.Options<Record<string, never>>, link: (address: Address) => WatchedSocket) => Sql;

/**
 * Provides the driver with sockets that rosterd watches. They connect to the primary and verify its certificate.
 * `onFound` is called each time the primary is found.
 */
function connector(
  url: string,
  onFound: (found: FoundHost) => void,
): { connect: Connect; findPrimary: () => Promise<FoundHost> } {
  const { hosts, sslMode, sslRootCert, forDriver } = parseDatabaseUrl(url);
  const sslDirect = new URL(forDriver).searchParams.get("sslnegotiation") === "direct";
  const authorities = () => trustedAuthorities(sslRootCert === "system" ? null : sslRootCert);
  const connectTo = (
    findHost: Address["findHost"],
    options: postgres.Options<Record<string, never>>,
    link: (address: Address) => WatchedSocket,
  ) => {
    const socket = () => link({ findHost, sslMode, sslDirect, authorities });
    const one = { host: [hosts[0].host], port: [hosts[0].port], ssl: false };
    return postgres(forDriver, { ...CONNECTION, ...options, ...one, socket } as never) as unknown as Sql;
  };
  const primary = new PrimaryFinder(hosts, async (host) => {
    const sql = connectTo(() => Promise.resolve({ ...host, timeline: 0 }), { max: 1 }, unwatched);
    try {
      const [state] = await withTimeout(HOST_ANSWER_MS, sql.unsafe<HostState[]>(HOST_STATE), hostTimedOut);
      return state;
    } finally {
      void sql.end({ timeout: 1 });
    }
  });
  const findPrimary = async () => {
    const found = await primary.find();
    onFound(found);
    return found;
  };
  return { connect: (options, link) => connectTo(findPrimary, options, link), findPrimary };
}

const HOST_ANSWER_MS = 10_000;

function hostTimedOut(): Error {
  return errorWithCode("CONNECT_TIMEOUT", "a server in DATABASE_URL did not answer in time");
}

/** Throws {@link UnsuitableDatabase} if the server is too old or does not store UTF-8. */
export async function requireSuitable(sql: Sql): Promise<void> {
  const [{ version, encoding }] = await sql<{ version: string; encoding: string }[]>`
    select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding`;
  if (Number(version) < 130_000) {
    throw new UnsuitableDatabase(
      `the server is PostgreSQL ${Math.floor(Number(version) / 10_000)}`,
      "upgrade to PostgreSQL 13 or later",
    );
  }
  if (encoding !== "UTF8") {
    throw new UnsuitableDatabase(`the database uses the encoding ${encoding}`, "create it with UTF8 instead");
  }
}
