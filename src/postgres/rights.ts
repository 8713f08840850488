/** Finds the rights that the role in DATABASE_URL lacks, for `doctor` and for errors about a missing right. */
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import { hasCode } from "../runtime/errors.ts";
import type { Sql } from "./connection/connect.ts";
import { explainFully, isDatabaseUnreachable } from "./connection/errors.ts";
import { SCHEMA_VERSION, schemaVersion } from "./migrate.ts";
import rightsOf from "./queries/doctor/rights.sql" with { type: "text" };
import tableRights from "./queries/doctor/table_rights.sql" with { type: "text" };

/** The rights that rosterd needs on its tables and on one sequence. The owner of the tables has all of them. */
const TABLE_RIGHTS = {
  // An import deletes only users that it created itself. An erasure can delete any user.
  users: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  permits: ["SELECT", "UPDATE"],
  imports: ["SELECT", "INSERT", "UPDATE"],
  import_settings: ["SELECT", "INSERT"],
  // The sequence of import ids. After a restore, an import moves it past the ids that were already used.
  imports_id_seq: ["UPDATE"],
  import_failures: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  import_changes: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  import_held: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  moved_permits: ["SELECT", "INSERT", "DELETE"],
  trial_changes: ["SELECT", "INSERT", "DELETE"],
  known_records: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  known_state: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  erasures: ["INSERT"],
  dismissed_files: ["SELECT", "INSERT", "UPDATE"],
  outbox: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  migrations: ["SELECT"],
};

interface Rights {
  /** The name of the role. Like the name of the database, it is quoted for use in SQL. */
  role: string;
  database: string;
  temporary: boolean;
  create_schema: boolean;
  /** Whether the role may use the schema. This field and `create_tables` are null if the schema does not exist. */
  use_schema: boolean | null;
  create_tables: boolean | null;
  missing_functions: string[];
}

interface TableRights {
  name: string;
  /** The owner's name, quoted for SQL. */
  owner: string;
  owned: boolean;
  /** Whether row security hides rows from the role. */
  hides_rows: boolean;
  lacking: string[];
}

/** Returns findings about the role's rights, and the schema version, which is null if the role may not read it. */
export async function checkRights(sql: Sql): Promise<{ version: number | null; findings: Finding[] }> {
  const [rights] = await sql.unsafe<Rights[]>(rightsOf);
  const tables = await sql.unsafe<TableRights[]>(tableRights, [JSON.stringify(TABLE_RIGHTS)]);
  const version = await readVersion(sql, rights, tables);
  return { version, findings: lackingRights(rights, tables, version) };
}

/** Explains why the database cannot be used. Names the missing rights, because the server's error does not. */
export async function explainWithRights(sql: Sql, error: unknown): Promise<string> {
  const explanation = explainFully(error);
  if (!hasCode(error, "42501")) return explanation;
  try {
    const missing = (await checkRights(sql)).findings.filter(({ verdict }) => verdict === "bad");
    if (missing.length === 0) {
      return `${explanation}, although it has every right that rosterd needs on its own tables: look in the server's log for the missing right`;
    }
    return missing.map(({ text, fix }) => `${text}. ${fix}`).join(" ");
  } catch (other) {
    if (!isDatabaseUnreachable(other)) throw other;
    return explanation;
  }
}

/** The schema version; 0 before the first start, null if the role may not read it. */
async function readVersion(sql: Sql, { use_schema }: Rights, tables: readonly TableRights[]): Promise<number | null> {
  const migrations = tables.find(({ name }) => name === "migrations");
  if (migrations === undefined) return 0;
  if (!use_schema || migrations.lacking.length > 0) return null;
  return await schemaVersion(sql);
}

/** Finds missing rights that the role needs to use the schema and, if necessary, to create or upgrade it. */
function lackingRights(rights: Rights, tables: readonly TableRights[], version: number | null): Finding[] {
  const { role, database, temporary, create_schema, use_schema, create_tables, missing_functions } = rights;
  const missing = (what: string, grant: string) =>
    bad("rights", `the user ${role} cannot ${what}`, `Run as the owner, or as a superuser: ${grant};`);
  const found: Finding[] = [];
  if (!temporary) {
    found.push(missing("create temporary tables", `grant temporary on database ${database} to ${role}`));
  }
  if (use_schema === null && !create_schema) {
    found.push(missing("create the schema rosterd", `grant create on database ${database} to ${role}`));
  }
  if (use_schema === false) found.push(missing("use the schema rosterd", `grant usage on schema rosterd to ${role}`));
  if (create_tables === false && version !== null && version < SCHEMA_VERSION) {
    found.push(missing("create tables in the schema rosterd", `grant create on schema rosterd to ${role}`));
  }
  for (const { name, lacking } of tables.filter(({ lacking }) => lacking.length > 0)) {
    const words = lacking.join(", ");
    found.push(
      missing(`use ${words} on rosterd.${name}`, `grant ${words.toLowerCase()} on rosterd.${name} to ${role}`),
    );
  }
  for (const name of missing_functions) {
    found.push(missing(`call ${name}`, `grant execute on function ${name} to ${role}`));
  }
  found.push(...tables.filter(({ hides_rows }) => hides_rows).map(({ name }) => hiddenRows(role, name)));
  const upgrade = lackingOwnership(rights, tables, version);
  if (upgrade !== null) found.push(upgrade);
  return found.length > 0 ? found : [good("rights", `the user ${role} has all the rights that rosterd needs`)];
}

function hiddenRows(role: string, name: string): Finding {
  const fix = `Run as the owner, or as a superuser: alter table rosterd.${name} disable row level security;`;
  return bad("rights", `row security on rosterd.${name} hides rows from the user ${role}: no import can run`, fix);
}

/** An upgrade alters tables, and only a table's owner may alter it. */
function lackingOwnership({ role }: Rights, tables: readonly TableRights[], version: number | null): Finding | null {
  const foreign = tables.find(({ owned }) => !owned);
  if (foreign === undefined || version === null || version > SCHEMA_VERSION) return null;
  const fix = `Run as a superuser: grant ${foreign.owner} to ${role};`;
  const what = `rosterd.${foreign.name} belongs to ${foreign.owner}, not to ${role}`;
  return version < SCHEMA_VERSION
    ? bad("rights", `${what}: the schema cannot be upgraded`, fix)
    : warning("rights", `${what}: a later version of rosterd could not upgrade the schema`, fix);
}
