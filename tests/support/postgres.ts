/**
 * Databases for tests: a throw-away one on a real server where there is one, else null, and the caller runs on the
 * embedded Postgres instead (contract, section 9).
 */
import postgres from "postgres";

/** The server on which tests may create databases; `TEST_DATABASE_URL` wins. */
const SERVER = Deno.env.get("TEST_DATABASE_URL") ?? "postgres://postgres@127.0.0.1:5432/postgres";

export interface TestDatabase extends AsyncDisposable {
  /** For `DATABASE_URL`. */
  readonly url: string;
  /** A second look at it, beside the program under test. */
  readonly sql: postgres.Sql<{ bigint: number }>;
  /** Lets nobody in any more, and ends who is in. */
  refuse(): Promise<void>;
}

/** Why no server answers, or null when one does. A server that was named must answer. */
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

/** Removes all data and keeps the tables. */
export async function emptyTables({ sql }: TestDatabase): Promise<void> {
  const tables = await sql`select tablename from pg_tables where schemaname = 'rosterd' and tablename <> 'migrations'`;
  await sql.unsafe(`truncate ${tables.map(({ tablename }) => `rosterd.${tablename}`).join(", ")}`);
}

/** Makes an empty database that is dropped in the end; null where no server answers. */
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
