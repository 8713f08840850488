/**
 * Makes the schema `rosterd` and brings it up to date, by the numbered files in `migrations/`. Safe when two processes
 * start at once: the second waits, and finds nothing left to do.
 */
import type { Sql, Tx } from "./connection/connect.ts";
import usersAndImports from "./migrations/0001_users_and_imports.sql" with { type: "text" };
import permitFunctions from "./migrations/0002_permit_functions.sql" with { type: "text" };
import holdsAndUndo from "./migrations/0003_holds_and_undo.sql" with { type: "text" };
import fileGone from "./migrations/0004_file_gone.sql" with { type: "text" };
import knownRecords from "./migrations/0005_known_records.sql" with { type: "text" };
import knownState from "./migrations/0007_known_state.sql" with { type: "text" };

/** In the order of their numbers, from 1. Never change one that was released. */
const MIGRATIONS: readonly string[] = [
  usersAndImports,
  permitFunctions,
  holdsAndUndo,
  fileGone,
  knownRecords,
  knownState,
];

/** The schema that this rosterd works on. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Any number, as long as nobody else locks the same one. */
const MIGRATION_LOCK = 7_246_001;

/** The schema was made by a later version of rosterd. */
export class SchemaTooNew extends Error {
  override readonly name = "SchemaTooNew";
  constructor(version: number) {
    super(`the database has schema ${version}, this rosterd knows ${MIGRATIONS.length}: start a newer rosterd`);
  }
}

/** Brings the schema up to date; answers with how many migrations were applied. */
export async function migrate(sql: Sql): Promise<number> {
  return await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${MIGRATION_LOCK})`;
    return await migrateWithin(tx);
  });
}

/** The same within a transaction; for `check`, which rolls it back. */
export async function migrateWithin(tx: Tx): Promise<number> {
  const version = await schemaVersion(tx);
  if (version > MIGRATIONS.length) throw new SchemaTooNew(version);
  if (version === MIGRATIONS.length) return 0;
  if (version === 0) {
    // Where somebody made it for rosterd, the right to make one is not needed; "if not exists" would want it all the same.
    const [{ made }] = await tx<{ made: boolean }[]>`select to_regnamespace('rosterd') is not null as made`;
    if (!made) await tx`create schema rosterd`;
    await tx`create table rosterd.migrations (number integer primary key, applied_at timestamptz not null default now())`;
  }
  for (let number = version + 1; number <= MIGRATIONS.length; number++) {
    await tx.unsafe(MIGRATIONS[number - 1]);
    await tx`insert into rosterd.migrations (number) values (${number})`;
  }
  return MIGRATIONS.length - version;
}

/** The number of the last migration that was applied; 0 where there is no schema. */
export async function schemaVersion(sql: Sql | Tx): Promise<number> {
  const [{ found }] = await sql<{ found: boolean }[]>`select to_regclass('rosterd.migrations') is not null as found`;
  if (!found) return 0;
  const [{ version }] = await sql<{ version: number }[]>`
    select coalesce(max(number), 0)::integer as version from rosterd.migrations`;
  return version;
}
