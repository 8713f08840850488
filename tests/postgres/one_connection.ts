/**
 * A server's database, accessed through one permanent connection for tests with thousands of imports. Rows are staged
 * by statements, because a new connection and the 40 ms that TCP adds to each COPY would take up four fifths of the
 * time of a small import.
 */
import type { Database, Session, Tx } from "../../src/postgres/connection/connect.ts";
import { CONNECTION, type Sql } from "../../src/postgres/connection/sql.ts";
import { PostgresImportStore } from "../../src/postgres/import/import_store.ts";
import postgres from "postgres";
import type { RosterDatabase } from "./roster_database.ts";

export interface OneConnection extends AsyncDisposable {
  database: Database;
  /** A store to pass to `db.import(roster, { store })`. */
  store: PostgresImportStore;
}

/** The embedded database always has a single connection. */
export function oneConnection({ database, url }: RosterDatabase): OneConnection {
  if (url === null) {
    return { database, store: new PostgresImportStore(database), [Symbol.asyncDispose]: async () => {} };
  }
  // A new connection would not have the temporary tables of the session.
  const sql = postgres(url, { ...CONNECTION, max: 1, max_lifetime: null }) as unknown as Sql;
  const session = { isOwn: true, hasTables: false };
  const one: Database = {
    kind: "embedded",
    sql,
    async transaction<T>(work: (tx: Tx, session: Session) => Promise<T>, isolation = "read committed") {
      const { hasTables } = session;
      try {
        return await sql.begin(`isolation level ${isolation}`, (tx) => work(tx, session)) as T;
      } catch (error) {
        // Tables created in this transaction are rolled back with it.
        session.hasTables = hasTables;
        throw error;
      }
    },
    leaveOldPrimary: () => Promise.resolve(),
    close: () => sql.end(),
  };
  return { database: one, store: new PostgresImportStore(one), [Symbol.asyncDispose]: () => one.close() };
}

/** Empties the database. With few rows, this is faster than {@link RosterDatabase.clear}. */
export async function removeAll({ sql }: Pick<RosterDatabase, "sql">): Promise<void> {
  await sql`delete from rosterd.imports`;
  await sql`delete from rosterd.import_changes`;
  await sql`delete from rosterd.permits`;
  await sql`delete from rosterd.users`;
}
