/**
 * What `rosterd doctor` asks of the database: whether it answers and suits, what state the schema is in, and which right
 * is missing. Only questions to the catalogs: nothing is changed.
 */
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import { codeOrThrow } from "../runtime/errors.ts";
import { withTimeout } from "../runtime/with_timeout.ts";
import { type Database, requireSuitable, type Sql, UnsuitableDatabase } from "./connection/connect.ts";
import { explainDatabaseError } from "./connection/errors.ts";
import { SCHEMA_VERSION, schemaVersion } from "./migrate.ts";
import rightsOf from "./queries/doctor/rights.sql" with { type: "text" };
import tableRights from "./queries/doctor/table_rights.sql" with { type: "text" };

const ANSWER_TIMEOUT_MS = 15_000;

/** What rosterd does with its tables; an owner may do it all. */
const TABLE_RIGHTS = {
  // Deleted are only users that the same import created.
  users: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  permits: ["SELECT", "UPDATE"],
  imports: ["SELECT", "INSERT", "UPDATE"],
  import_failures: ["SELECT", "INSERT", "DELETE"],
  import_changes: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  import_held: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  known_records: ["SELECT", "INSERT", "DELETE"],
  known_state: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  outbox: ["SELECT", "INSERT", "UPDATE"],
  migrations: ["SELECT"],
};

interface Rights {
  /** Quoted as SQL wants them. */
  role: string;
  database: string;
  temporary: boolean;
  create_schema: boolean;
  /** Null: there is no schema. */
  use_schema: boolean | null;
  create_tables: boolean | null;
  /** Functions that may not be called. */
  functions: string[];
}

interface TableRights {
  name: string;
  /** Quoted as SQL wants it. */
  owner: string;
  owned: boolean;
  lacking: string[];
}

/** One after the other; nothing more is asked of a database that cannot be used. */
export async function* checkDatabase(database: Database): AsyncGenerator<Finding> {
  const { sql } = database;
  const first = await asking(() => examineServer(database));
  yield first;
  if (first.verdict === "bad") return;
  let lacking: Finding[] = [];
  yield await asking(async () => {
    const [rights] = await sql.unsafe<Rights[]>(rightsOf);
    const tables = await sql.unsafe<TableRights[]>(tableRights, [JSON.stringify(TABLE_RIGHTS)]);
    const version = await readVersion(sql, rights, tables);
    lacking = lackingRights(rights, tables, version);
    return examineSchema(version);
  });
  yield* lacking;
}

/** Whether it answers, suits and can be written. */
async function examineServer({ sql, kind }: Database): Promise<Finding> {
  try {
    await requireSuitable(sql);
  } catch (error) {
    if (!(error instanceof UnsuitableDatabase)) throw error;
    return bad("database", error.what, `It cannot be used like this: ${error.mend}.`);
  }
  const [{ version, read_only }] = await sql<{ version: string; read_only: boolean }[]>`
    select split_part(current_setting('server_version'), ' ', 1) as version,
      pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as read_only`;
  if (read_only) {
    const mend = "Let DATABASE_URL name the primary server, and look at default_transaction_read_only.";
    return bad("database", `PostgreSQL ${version} answers, but can only be read`, mend);
  }
  if (kind === "server") return good("database", `PostgreSQL ${version} answers, and stores UTF-8`);
  return embedded(`the embedded PostgreSQL ${version} answers`);
}

/** The embedded database is nothing that production should rest on. */
export function embedded(what: string): Finding {
  const mend = "Set DATABASE_URL to a PostgreSQL server, 13 or later, before rosterd is relied on.";
  return warning("database", `${what}; it is for trying out, and does not wait for the disk`, mend);
}

/** Null: it may not be read. 0: nothing is there yet. */
async function readVersion(sql: Sql, { use_schema }: Rights, tables: readonly TableRights[]): Promise<number | null> {
  const migrations = tables.find(({ name }) => name === "migrations");
  if (migrations === undefined) return 0;
  if (!use_schema || migrations.lacking.length > 0) return null;
  return await schemaVersion(sql);
}

function examineSchema(version: number | null): Finding {
  const known = `this rosterd works on schema ${SCHEMA_VERSION}`;
  if (version === null) {
    return bad("schema", "the version of the schema may not be read", "Grant the missing rights that are named below.");
  }
  if (version > SCHEMA_VERSION) {
    return bad("schema", `the database has schema ${version}, ${known}`, "Start a newer rosterd on this database.");
  }
  if (version === 0) return good("schema", "rosterd's tables are not there yet: the first start makes them");
  if (version === SCHEMA_VERSION) return good("schema", `the database has schema ${version}, as it should`);
  return good("schema", `the database has schema ${version}, ${known}: the next start upgrades it`);
}

/** What is missing for work on the schema as it is, and for making or upgrading it where that is due. */
function lackingRights(rights: Rights, tables: readonly TableRights[], version: number | null): Finding[] {
  const { role, database, temporary, create_schema, use_schema, create_tables, functions } = rights;
  const missing = (what: string, grant: string) =>
    bad("rights", `the user ${role} may not ${what}`, `Run as the owner, or as a superuser: ${grant};`);
  const found: Finding[] = [];
  if (!temporary) {
    found.push(missing("make temporary tables", `grant temporary on database ${database} to ${role}`));
  }
  if (use_schema === null && !create_schema) {
    found.push(missing("make the schema rosterd", `grant create on database ${database} to ${role}`));
  }
  if (use_schema === false) found.push(missing("use the schema rosterd", `grant usage on schema rosterd to ${role}`));
  if (create_tables === false && version !== null && version < SCHEMA_VERSION) {
    found.push(missing("make tables in the schema rosterd", `grant create on schema rosterd to ${role}`));
  }
  for (const { name, lacking } of tables.filter(({ lacking }) => lacking.length > 0)) {
    const words = lacking.join(", ");
    found.push(missing(`${words} on rosterd.${name}`, `grant ${words.toLowerCase()} on rosterd.${name} to ${role}`));
  }
  for (const name of functions) {
    found.push(missing(`call ${name}`, `grant execute on function ${name} to ${role}`));
  }
  const upgrade = lackingOwnership(rights, tables, version);
  if (upgrade !== null) found.push(upgrade);
  return found.length > 0 ? found : [good("rights", `the user ${role} may do all that rosterd needs`)];
}

/** Tables are altered only by who owns them. */
function lackingOwnership({ role }: Rights, tables: readonly TableRights[], version: number | null): Finding | null {
  const foreign = tables.find(({ owned }) => !owned);
  if (foreign === undefined || version === null || version > SCHEMA_VERSION) return null;
  const mend = `Run as a superuser: grant ${foreign.owner} to ${role};`;
  const what = `rosterd.${foreign.name} belongs to ${foreign.owner}, not to ${role}`;
  return version < SCHEMA_VERSION
    ? bad("rights", `${what}: the upgrade of the schema cannot be made`, mend)
    : warning("rights", `${what}: a later rosterd could not upgrade the schema`, mend);
}

async function asking(work: () => Promise<Finding>): Promise<Finding> {
  try {
    return await withTimeout(ANSWER_TIMEOUT_MS, work());
  } catch (error) {
    const code = codeOrThrow(error);
    return bad(
      "database",
      explainDatabaseError(error),
      FIXES[code] ?? "Check DATABASE_URL, and look into the server's log.",
    );
  }
}

const FIXES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Start the server, or check host and port of DATABASE_URL, and whether a firewall stands in between.",
  ENOTFOUND: "Check the host of DATABASE_URL.",
  EAI_AGAIN: "Check the host of DATABASE_URL, and the name service of this machine.",
  "28P01": "Check user and password of DATABASE_URL.",
  "28000": "Check user and password of DATABASE_URL, and the server's pg_hba.conf.",
  "3D000": "Create the database, or check its name in DATABASE_URL.",
  "53100": "Make room on the disk of the server.",
  "53300": "Raise max_connections, or end connections that nobody needs.",
};
