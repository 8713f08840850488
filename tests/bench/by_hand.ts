/**
 * Imports a roster without rosterd, for comparison: psql's `\copy` into a temporary table, followed by SQL as a person
 * would type it. The target table has the columns, constraints and indexes of `rosterd.users`.
 */
import { constants, gunzipSync } from "node:zlib";
import type postgres from "postgres";
import { measure, type Measured } from "./program.ts";
/** SQL for the values of an export from `roster.ts`: mapped values, defaults, and dates as DD/MM/YYYY. */
const MAPPED: Readonly<Record<string, string>> = {
  login_source: "coalesce(login_source, 'ldap')",
  province: "case province when 'Ontario' then 'ON' when 'Quebec' then 'QC' when 'Nova Scotia' then 'NS' end",
  city2: "coalesce(city2, 'Ottawa')",
  user_type_id: "lower(user_type_id)",
  data_of_birth: "to_date(data_of_birth, 'DD/MM/YYYY')",
  active: "active = 'Y'",
};

/** The condition for the records that a person would load: those with a valid date. */
const GOOD = "data_of_birth ~ '^\\d{4}-\\d\\d-\\d\\d$'";

/**
 * Either an upsert of plain or mapped values, or an update of existing users that archives inactive users and releases
 * their permits.
 */
export type ByHand =
  | "upsert"
  | "upsert what is good"
  | "upsert what is mapped"
  | "upsert the first of each"
  | "archive"
  | "snapshot";

/** The columns of a file, with their names in the users table and their values. */
class Columns {
  readonly targets: string[];
  readonly values: string[];
  readonly rest: string[];

  constructor(readonly names: readonly string[]) {
    this.targets = names.map((name) => name === "data_of_birth" ? "date_of_birth" : name);
    this.values = names.map((name) => {
      if (name === "data_of_birth") return "nullif(data_of_birth, '')::date";
      return name === "active" ? "active::int::boolean" : name;
    });
    this.rest = this.targets.filter((name) => name !== "unique_id");
  }

  of(table: string): string {
    return this.rest.map((name) => `${table}.${name}`).join(", ");
  }
}

/** The psql command that reads a file, directly or through the programs that a person would use. */
function sourceOf(file: string, start: Uint8Array): string {
  if (isGzip(start)) return `program 'gzip -dc ${file}'`;
  return isUtf16(start) ? `program 'iconv -f UTF-16 -t UTF-8 ${file}'` : `'${file}'`;
}

function script(source: string, names: readonly string[], byHand: ByHand): string {
  const columns = new Columns(names);
  return `set jit = off;
begin;
create temporary table roster (${names.map((name) => `${name} text`).join(", ")}) on commit drop;
\\copy roster from ${source} csv header
${statement(columns, byHand)}
commit;
`;
}

function statement(columns: Columns, byHand: ByHand): string {
  const { names, values } = columns;
  switch (byHand) {
    case "upsert":
      return upsert(columns, values);
    case "upsert what is good":
      return upsert(columns, values, `where ${GOOD}`);
    case "upsert what is mapped":
      return upsert(columns, names.map((name, at) => MAPPED[name] ?? values[at]));
    case "upsert the first of each":
      return upsert(columns, values, "", "distinct on (unique_id)");
    case "archive":
      return archive(columns);
    case "snapshot":
      return `${upsert(columns, values)}\n${ARCHIVE_MISSING}`;
  }
}

function upsert(columns: Columns, values: readonly string[], where = "", which = ""): string {
  const { targets, rest } = columns;
  return `insert into by_hand.users as u (${targets.join(", ")})
select ${which} ${values.join(", ")} from roster ${where}
on conflict (unique_id) do update
  set (${rest.join(", ")}, updated_at) = (${columns.of("excluded")}, now())
  where (${columns.of("u")}) is distinct from (${columns.of("excluded")});`;
}

const ARCHIVE_MISSING = `update by_hand.users as u set active = false, archived_at = now(), updated_at = now()
  where archived_at is null and not exists (select from roster as r where r.unique_id = u.unique_id);`;

/** This statement uses rosterd's table of permits and its function. */
function archive(columns: Columns): string {
  const { targets, values, rest } = columns;
  return `update by_hand.users as u
  set (${rest.join(", ")}, archived_at, updated_at)
    = (${columns.of("r")}, case when r.active then u.archived_at else now() end, now())
  from (select ${values.map((value, at) => `${value} as ${targets[at]}`).join(", ")} from roster) as r
  where u.unique_id = r.unique_id and (${columns.of("u")}) is distinct from (${columns.of("r")});
select rosterd.release_permits(array_agg(unique_id), 1) from roster where active = '0';`;
}

/** Creates the table; rosterd's schema must exist. */
export async function makeTable(sql: postgres.Sql): Promise<void> {
  await sql.unsafe("create schema by_hand; create table by_hand.users (like rosterd.users including all)");
}

/** Loads a roster with psql. */
export async function loadByHand(
  file: string,
  { url, sql }: { url: string; sql: postgres.Sql },
  byHand: ByHand,
): Promise<Measured> {
  const path = await Deno.makeTempFile({ prefix: "rosterd-bench-", suffix: ".sql" });
  try {
    const start = await startOf(file);
    await Deno.writeTextFile(path, script(sourceOf(file, start), headerOf(start), byHand));
    const result = await measure(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", path, url], ".", {}, sql);
    if (result.code !== 0) throw new Error(`psql failed: ${result.err}`);
    return result;
  } finally {
    await Deno.remove(path);
  }
}

/** Whether psql is installed. */
export async function psqlIsFound(): Promise<boolean> {
  try {
    return (await new Deno.Command("psql", { args: ["--version"], stdout: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const isGzip = (start: Uint8Array) => start[0] === 0x1f;
const isUtf16 = (start: Uint8Array) => start[0] === 0xff;

async function startOf(file: string): Promise<Uint8Array> {
  using handle = await Deno.open(file);
  const start = new Uint8Array(1 << 16), length = await handle.read(start) ?? 0;
  return start.subarray(0, length);
}

function headerOf(start: Uint8Array): string[] {
  const bytes = isGzip(start) ? gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH }) : start;
  const text = new TextDecoder(isUtf16(start) ? "utf-16le" : "utf-8").decode(bytes);
  return text.split(/\r?\n/)[0].replaceAll('"', "").split(",");
}
