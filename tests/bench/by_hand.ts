/**
 * What rosterd is measured against: psql, `\copy` into a temporary table, and what a person then types, on a table with
 * the columns, constraints and indexes of `rosterd.users`.
 */
import type postgres from "postgres";
import { measure, type Measured } from "./program.ts";
import { ROSTER_HEADER } from "./roster.ts";

const COLUMNS = ROSTER_HEADER.split(",");
const TARGETS = COLUMNS.map((name) => name === "data_of_birth" ? "date_of_birth" : name);
const VALUES = COLUMNS.map((name) => {
  if (name === "data_of_birth") return "nullif(data_of_birth, '')::date";
  return name === "active" ? "active::int::boolean" : name;
});
/** The values of an export that `roster.ts` makes: mapped, with defaults, and dates as DD/MM/YYYY. */
const MAPPED: Readonly<Record<string, string>> = {
  login_source: "coalesce(login_source, 'ldap')",
  province: "case province when 'Ontario' then 'ON' when 'Quebec' then 'QC' when 'Nova Scotia' then 'NS' end",
  city2: "coalesce(city2, 'Ottawa')",
  user_type_id: "lower(user_type_id)",
  data_of_birth: "to_date(data_of_birth, 'DD/MM/YYYY')",
  active: "active = 'Y'",
};
const REST = TARGETS.filter((name) => name !== "unique_id");
const of = (table: string) => REST.map((name) => `${table}.${name}`).join(", ");

/** Records that a person would load by hand: those whose date is one. */
const GOOD = "data_of_birth ~ '^\\d{4}-\\d\\d-\\d\\d$'";

/** One upsert, of values as they are or mapped; or an update of users who are known, of whom the inactive ones are archived, and their permits released. */
export type ByHand = "upsert" | "upsert what is good" | "upsert what is mapped" | "archive";

function script(file: string, byHand: ByHand): string {
  return `set jit = off;
begin;
create temporary table roster (${COLUMNS.map((name) => `${name} text`).join(", ")}) on commit drop;
\\copy roster from '${file}' csv header
${statement(byHand)}
commit;
`;
}

function statement(byHand: ByHand): string {
  switch (byHand) {
    case "upsert":
      return upsert(VALUES);
    case "upsert what is good":
      return upsert(VALUES, `where ${GOOD}`);
    case "upsert what is mapped":
      return upsert(COLUMNS.map((name, at) => MAPPED[name] ?? VALUES[at]));
    case "archive":
      return archive();
  }
}

function upsert(values: readonly string[], where = ""): string {
  return `insert into by_hand.users as u (${TARGETS.join(", ")})
select ${values.join(", ")} from roster ${where}
on conflict (unique_id) do update
  set (${REST.join(", ")}, updated_at) = (${of("excluded")}, now())
  where (${of("u")}) is distinct from (${of("excluded")});`;
}

/** The permits are those of rosterd, and so is the function. */
function archive(): string {
  return `update by_hand.users as u
  set (${REST.join(", ")}, archived_at, updated_at)
    = (${of("r")}, case when r.active then u.archived_at else now() end, now())
  from (select ${VALUES.map((value, at) => `${value} as ${TARGETS[at]}`).join(", ")} from roster) as r
  where u.unique_id = r.unique_id and (${of("u")}) is distinct from (${of("r")});
select rosterd.release_permits(array_agg(unique_id), 1) from roster where active = '0';`;
}

/** Makes the table; the schema of rosterd must be there. */
export async function makeTable(sql: postgres.Sql): Promise<void> {
  await sql.unsafe("create schema by_hand; create table by_hand.users (like rosterd.users including all)");
}

/** Loads a roster with psql. */
export async function loadByHand(file: string, url: string, byHand: ByHand): Promise<Measured> {
  const path = await Deno.makeTempFile({ prefix: "rosterd-bench-", suffix: ".sql" });
  try {
    await Deno.writeTextFile(path, script(file, byHand));
    const result = await measure(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", path, url], ".", {});
    if (result.code !== 0) throw new Error(`psql failed: ${result.err}`);
    return result;
  } finally {
    await Deno.remove(path);
  }
}

/** Whether there is a psql to compare with. */
export async function psqlIsFound(): Promise<boolean> {
  try {
    return (await new Deno.Command("psql", { args: ["--version"], stdout: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
