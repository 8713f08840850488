/** Creates and upgrades the schema. If two processes start at once, the second waits (docs/database.md#migrations). */
import type { Sql, Tx } from "./connection/connect.ts";
import usersAndImports from "./migrations/0001_users_and_imports.sql" with { type: "text" };
import permitFunctions from "./migrations/0002_permit_functions.sql" with { type: "text" };
import holdsAndUndo from "./migrations/0003_holds_and_undo.sql" with { type: "text" };
import fileGone from "./migrations/0004_file_gone.sql" with { type: "text" };
import knownRecords from "./migrations/0005_known_records.sql" with { type: "text" };
import decisions from "./migrations/0006_decisions.sql" with { type: "text" };
import knownState from "./migrations/0007_known_state.sql" with { type: "text" };
import feeds from "./migrations/0008_feeds.sql" with { type: "text" };
import names from "./migrations/0009_names.sql" with { type: "text" };
import uncheckedDetails from "./migrations/0010_unchecked_details.sql" with { type: "text" };
import releasedPermits from "./migrations/0011_released_permits.sql" with { type: "text" };
import uploadedBy from "./migrations/0012_uploaded_by.sql" with { type: "text" };
import changeGuard from "./migrations/0013_change_guard.sql" with { type: "text" };
import dismissedFiles from "./migrations/0014_dismissed_files.sql" with { type: "text" };
import leaving from "./migrations/0015_leaving.sql" with { type: "text" };
import newIds from "./migrations/0016_new_ids.sql" with { type: "text" };
import failuresSince from "./migrations/0017_failures_since.sql" with { type: "text" };
import holdLosses from "./migrations/0018_hold_losses.sql" with { type: "text" };
import importSettings from "./migrations/0019_import_settings.sql" with { type: "text" };

/** The migrations in order, starting with number 1. Never change the effect of a released migration. */
const MIGRATIONS: readonly string[] = [
  usersAndImports,
  permitFunctions,
  holdsAndUndo,
  fileGone,
  knownRecords,
  decisions,
  knownState,
  feeds,
  names,
  uncheckedDetails,
  releasedPermits,
  uploadedBy,
  changeGuard,
  dismissedFiles,
  leaving,
  newIds,
  failuresSince,
  holdLosses,
  importSettings,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** The key of the advisory lock for migrations: an arbitrary number that no other program uses. */
const MIGRATION_LOCK = 7_246_001;

export class SchemaTooNew extends Error {
  override readonly name = "SchemaTooNew";
  constructor(version: number) {
    super(
      `the database has schema ${version}, but this version of rosterd needs schema ${SCHEMA_VERSION}: start a newer version`,
    );
  }
}

/** Brings the schema up to date. Resolves to the number of migrations applied. */
export async function migrate(sql: Sql): Promise<number> {
  return await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${MIGRATION_LOCK})`;
    return await migrateWithin(tx);
  });
}

export async function migrateWithin(tx: Tx): Promise<number> {
  const version = await schemaVersion(tx);
  if (version > SCHEMA_VERSION) throw new SchemaTooNew(version);
  if (version === SCHEMA_VERSION) return 0;
  if (version === 0) {
    // An admin may already have created the schema. "create schema if not exists" would require the right to create
    // schemas even then.
    const [{ exists }] = await tx<{ exists: boolean }[]>`select to_regnamespace('rosterd') is not null as exists`;
    if (!exists) await tx`create schema rosterd`;
    await tx`create table rosterd.migrations (number integer primary key, applied_at timestamptz not null default now())`;
  }
  for (let number = version + 1; number <= MIGRATIONS.length; number++) {
    await tx.unsafe(MIGRATIONS[number - 1]);
    await tx`insert into rosterd.migrations (number) values (${number})`;
  }
  return MIGRATIONS.length - version;
}

/** The number of the last migration applied; 0 if there is no schema. */
export async function schemaVersion(sql: Sql | Tx): Promise<number> {
  const [{ found }] = await sql<{ found: boolean }[]>`select to_regclass('rosterd.migrations') is not null as found`;
  if (!found) return 0;
  const [{ version }] = await sql<{ version: number }[]>`
    select coalesce(max(number), 0)::integer as version from rosterd.migrations`;
  return version;
}
