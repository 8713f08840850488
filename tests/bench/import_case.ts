/** Measures one import: rosterd in each of its forms, and psql by hand, each on a fresh database. */
import { join } from "node:path";
import { testDatabase } from "../support/postgres.ts";
import { loadByHand, makeTable } from "./by_hand.ts";
import { emptyRoster, type ImportCase, rosterFile } from "./cases.ts";
import { measure, type Measured, type Program } from "./program.ts";

/** One import by rosterd. */
export async function importOnce(program: Program, wanted: ImportCase, records: number): Promise<Measured> {
  return await onFreshDatabase(program, async ({ load, settle }) => {
    if (wanted.before !== null) await load(await rosterFile({ records, ...wanted.before }));
    await settle("rosterd.users");
    const result = await load(await rosterFile({ records, ...wanted.file }));
    requireCounts(result.out, { records, ...wanted.expected(records) });
    return result;
  });
}

/** The same by hand. */
export async function byHandOnce(program: Program, wanted: ImportCase, records: number): Promise<Measured> {
  return await onFreshDatabase(program, async ({ url, sql, settle }) => {
    await makeTable(sql);
    if (wanted.before !== null) await loadByHand(await rosterFile({ records, ...wanted.before }), url, false);
    await settle("by_hand.users");
    const result = await loadByHand(await rosterFile({ records, ...wanted.file }), url, "failingEvery" in wanted.file);
    const [{ count }] = await sql<{ count: number }[]>`select count(*) from by_hand.users`;
    const users = records - (wanted.expected(records).failed ?? 0);
    if (count !== users) throw new Error(`psql loaded ${count} users instead of ${users}`);
    return result;
  });
}

type FreshDatabase = NonNullable<Awaited<ReturnType<typeof testDatabase>>>;

interface Place extends Pick<FreshDatabase, "url" | "sql"> {
  load(file: string): Promise<Measured>;
  /** Brings the server to rest, so that one measurement does not pay for the one before. */
  settle(table: string): Promise<void>;
}

/** Gives `work` a database with the schema of rosterd and nothing in it. */
async function onFreshDatabase<T>(program: Program, work: (place: Place) => Promise<T>): Promise<T> {
  await using database = (await testDatabase())!;
  const { url, sql } = database;
  const folder = await Deno.makeTempDir({ prefix: "rosterd-bench-" });
  const load = async (file: string) => {
    const result = await measure([...program.command, "import", file, "--json"], folder, { DATABASE_URL: url });
    if (result.code !== 0 && result.code !== 2) throw new Error(`rosterd ended with ${result.code}: ${result.err}`);
    return result;
  };
  const settle = async (table: string) => {
    await sql.unsafe(`vacuum analyze ${table}`);
    await sql.unsafe("checkpoint");
  };
  try {
    await Deno.writeTextFile(join(folder, "settings.json"), "{}\n");
    await load(await emptyRoster());
    return await work({ url, sql, load, settle });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function requireCounts(json: string, expected: Record<string, number>): void {
  const [report] = JSON.parse(json);
  for (const [name, count] of Object.entries(expected)) {
    if (report[name] !== count) throw new Error(`rosterd counts ${report[name]} ${name} instead of ${count}`);
  }
}
