/**
 * Connections to a Postgres server, and what of it rosterd wants (contract, section 8): version 13 or later, UTF-8.
 * `embedded.ts` offers the same for the embedded one.
 */
import postgres from "postgres";
import { parseDatabaseUrl } from "../../domain/database_url.ts";
import { trustedAuthorities } from "../../runtime/certificates.ts";
import { BackendProbe, LINK_TIMEOUTS, type LinkTimeouts } from "./backend_probe.ts";
import { type Address, WatchedSocket } from "./watched_socket.ts";
import { DedicatedConnections } from "./dedicated_connections.ts";
import { CONNECTION, type Isolation, type Sql, type Tx } from "./sql.ts";

export type { Isolation, Sql, Tx } from "./sql.ts";

/** A database that rosterd works on. */
export interface Database {
  readonly kind: "server" | "embedded";
  /** For short queries. */
  readonly sql: Sql;
  /**
   * Runs `work` in a transaction on a connection of its own, which is thrown away when anything fails: after a fault in
   * COPY a connection cannot be trusted any more (measured; platform.md). One that is sound may serve the next transaction.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, isolation?: Isolation): Promise<T>;
  close(): Promise<void>;
}

/** The server is not one that rosterd can work with. */
export class UnsuitableDatabase extends Error {
  override readonly name = "UnsuitableDatabase";
  constructor(readonly what: string, readonly mend: string) {
    super(`${what}: ${mend}`);
  }
}

/** Connects to a server. Nothing is sent before the first query. A link that freezes is cut (`backend_probe.ts`). */
export function connectServer(url: string, patience: LinkTimeouts = LINK_TIMEOUTS): Database {
  const connect = connector(url);
  const inquiry = new BackendProbe(() => connect({ max: 1 }, unwatched), patience);
  const open = new Set<WatchedSocket>();
  const watched = (address: Address) => {
    const link = new WatchedSocket({
      address,
      silenceMs: patience.silenceMs,
      onSilence: (link) => inquiry.shouldKeepWaiting(link),
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
  const transaction = <T>(work: (tx: Tx) => Promise<T>, isolation: Isolation = "read committed") =>
    own.transaction(work, isolation);
  const sql = connect({ max: 5, idle_timeout: 60 }, watched);
  return {
    kind: "server",
    // On a connection of the pool the driver would break the process when that is lost within a transaction (measured).
    sql: Object.assign(sql, { begin: (work: (tx: Tx) => Promise<unknown>) => transaction(work) }) as Sql,
    transaction,
    async close() {
      await Promise.all([sql.end({ timeout: 5 }), own.close(), inquiry.close()]);
      // Nobody has to hear a good-bye that does not get through.
      for (const link of open) link.destroy();
    },
  };
}

function unwatched(address: Address): WatchedSocket {
  return new WatchedSocket({ address, silenceMs: 0, onSilence: null });
}

type Connect = (options: postgres.Options<Record<string, never>>, link: (address: Address) => WatchedSocket) => Sql;

/** Lets the driver speak through links of ours, which know where the server is and whom to trust. */
function connector(url: string): Connect {
  const { hosts, sslMode, sslRootCert, forDriver } = parseDatabaseUrl(url);
  const sslDirect = new URL(forDriver).searchParams.get("sslnegotiation") === "direct";
  const authorities = () => trustedAuthorities(sslRootCert === "system" ? null : sslRootCert);
  let connected = 0;
  return (options, link) => {
    const socket = () => {
      // The next one first, when the driver does not like the one that it got (target_session_attrs).
      const first = connected++ % hosts.length;
      const inTurn = [...hosts.slice(first), ...hosts.slice(0, first)];
      return link({ hosts: inTurn, sslMode, sslDirect, authorities });
    };
    const one = { host: [hosts[0].host], port: [hosts[0].port], ssl: false };
    return postgres(forDriver, { ...CONNECTION, ...options, ...one, socket } as never) as unknown as Sql;
  };
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
