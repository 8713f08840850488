/**
 * Measures pgloader if it is installed. It loads the roster into the same table as psql, but can neither upsert nor
 * check.
 */
import { makeTable } from "./by_hand.ts";
import { type ImportCase } from "./cases.ts";
import { rosterFile } from "./files.ts";
import { onFreshDatabase, requireCounts } from "./import_case.ts";
import { measure, type Measured, type Program } from "./program.ts";
import { ROSTER_HEADER } from "./roster.ts";

const FIELDS = ROSTER_HEADER.split(",");
const COLUMNS = FIELDS.map((name) => name === "data_of_birth" ? "date_of_birth" : name);

/** A command file for pgloader. The columns of the roster must be in the same order as the names in the table. */
function commands(file: string, url: string): string {
  return `load csv
  from '${file}' with encoding utf-8 (${COLUMNS.join(", ")})
  into ${url.replace(/^postgres:/, "postgresql:")}
  target table by_hand.users (${COLUMNS.join(", ")})
  with skip header = 1, fields terminated by ',', fields optionally enclosed by '"';
`;
}

/** A single plain load. */
export async function pgloaderOnce(program: Program, wanted: ImportCase, records: number): Promise<Measured> {
  return await onFreshDatabase(program, wanted, async ({ url, sql, folder, settle }) => {
    await makeTable(sql);
    await settle("by_hand.users");
    const path = `${folder}/roster.load`;
    await Deno.writeTextFile(path, commands(await rosterFile({ records, ...wanted.file }), url));
    const result = await measure(["pgloader", "--quiet", path], folder, {});
    if (result.code !== 0) throw new Error(`pgloader failed: ${result.err}${result.out}`);
    const [counts] = await sql`select count(*) as users from by_hand.users`;
    requireCounts(counts, { users: records }, "pgloader");
    return result;
  });
}

export async function pgloaderIsFound(): Promise<boolean> {
  try {
    return (await new Deno.Command("pgloader", { args: ["--version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
