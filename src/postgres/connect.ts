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
   * Runs `work` on a connection of its own, which is thrown away when `work` fails: after a fault in COPY a connection
   * cannot be trusted any more (measured; platform.md).
   */
  alone<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The server is not one that rosterd can work with. */
export class UnsuitableDatabase extends Error {
  override readonly name = "UnsuitableDatabase";
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
    async alone(work) {
      const own = postgres(url, { ...CONNECTION, max: 1, max_lifetime: null });
      try {
        const result = await work(own);
        await own.end({ timeout: 5 });
        return result;
      } catch (error) {
        await own.end({ timeout: 0 });
        throw error;
      }
    },
    close: () => sql.end({ timeout: 5 }),
  };
}

/** Throws {@link UnsuitableDatabase} when the server is too old or does not store UTF-8. */
export async function requireSuitable(sql: Sql): Promise<void> {
  const [{ version, encoding }] = await sql<{ version: string; encoding: string }[]>`
    select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding`;
  if (Number(version) < 130_000) {
    throw new UnsuitableDatabase(
      `the server is PostgreSQL ${Math.floor(Number(version) / 10_000)}: 13 or later is needed`,
    );
  }
  if (encoding !== "UTF8") {
    throw new UnsuitableDatabase(`the database stores ${encoding}: create it with the encoding UTF8`);
  }
}
