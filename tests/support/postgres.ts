/**
 * Creates throwaway databases on a real server. Without a server, the functions return null and the caller uses the
 * embedded PostgreSQL.
 */
import postgres from "postgres";

/** The server where tests may create databases. `TEST_DATABASE_URL` overrides this URL. */
const SERVER = Deno.env.get("TEST_DATABASE_URL") ?? "postgres://postgres@127.0.0.1:5432/postgres";

export interface TestDatabase extends AsyncDisposable {
  /** The URL of the database, for `DATABASE_URL`. */
  readonly url: string;
  /** A second connection, independent of the program under test. */
  readonly sql: postgres.Sql<{ bigint: number }>;
  /** Refuses new connections and ends existing ones. */
  refuse(): Promise<void>;
}

/**
 * Why no server is available; null if one is. If `TEST_DATABASE_URL` names a server, it must be available.
 */
export async function serverUnavailable(): Promise<string | null> {
  const sql = postgres(SERVER, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    await sql`select 1`;
    return null;
  } catch (error) {
    if (Deno.env.has("TEST_DATABASE_URL")) throw error;
    return `no PostgreSQL answers on 127.0.0.1:5432 (${(error as { code?: string }).code}); set TEST_DATABASE_URL`;
  } finally {
    await sql.end({ timeout: 0 });
  }
}

/** Removes all data but keeps the tables. */
export async function emptyTables({ sql }: TestDatabase): Promise<void> {
  const tables = await sql`select tablename from pg_tables where schemaname = 'rosterd' and tablename <> 'migrations'`;
  await sql.unsafe(`truncate ${tables.map(({ tablename }) => `rosterd.${tablename}`).join(", ")}`);
}

/** Creates an empty database that is dropped on disposal. Null if no server is available. */
export async function testDatabase(): Promise<TestDatabase | null> {
  if (await serverUnavailable() !== null) return null;
  const name = `rosterd_test_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
  const admin = postgres(SERVER, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name} encoding 'UTF8' template template0`);
  const url = new URL(SERVER);
  url.pathname = `/${name}`;
  const bigint = { to: 20, from: [20], serialize: String, parse: Number };
  const sql = postgres(url.href, { max: 2, onnotice: () => {}, types: { bigint } });
  return {
    url: url.href,
    sql,
    async refuse() {
      await admin.unsafe(`alter database ${name} allow_connections false`);
      await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
    },
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 0 });
      await admin.unsafe(`drop database if exists ${name} with (force)`);
      await admin.end();
    },
  };
}
