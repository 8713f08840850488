/** Measures one import with each form of rosterd and with psql, each on a new database. */
import { join } from "node:path";
import { testDatabase } from "../support/postgres.ts";
import { loadByHand, makeTable } from "./by_hand.ts";
import type { ImportCase } from "./cases.ts";
import { emptyRoster, rosterFile } from "./files.ts";
import { inFolder } from "./folder.ts";
import { measure, type Measured, type Program } from "./program.ts";

/** One import with rosterd. */
export async function importOnce(program: Program, wanted: ImportCase, records: number): Promise<Measured> {
  return await onFreshDatabase(program, wanted, async ({ sql, load, settle }) => {
    if (wanted.before !== null) await load(await rosterFile({ records, ...wanted.before }));
    await sellPermits(sql, wanted, records);
    await settle("rosterd.users");
    const result = await load(await rosterFile({ records, ...wanted.file }), wanted.keepsFailed);
    requireCounts(JSON.parse(result.out).imports[0], { records, ...wanted.expected(records) }, "rosterd");
    return result;
  });
}

/** One import with psql. */
export async function byHandOnce(program: Program, wanted: ImportCase, records: number): Promise<Measured> {
  return await onFreshDatabase(program, wanted, async ({ url, sql, settle }) => {
    await makeTable(sql);
    const { before, byHand } = wanted;
    if (before !== null) {
      const first = byHand === "archive" || byHand === "snapshot" ? "upsert" : byHand;
      await loadByHand(await rosterFile({ records, ...before }), { url, sql }, first);
    }
    await sellPermits(sql, wanted, records);
    await settle("by_hand.users");
    const result = await loadByHand(await rosterFile({ records, ...wanted.file }), { url, sql }, wanted.byHand);
    const { created = 0, failed = 0, skipped = 0, permits_released = 0, ...gone } = wanted.expected(records);
    const archived = (gone.archived ?? 0) + (gone.missing_archived ?? 0);
    const users = records - failed - skipped + (before === null ? 0 : created);
    const [counts] = await sql`
      select count(*) as users, count(archived_at) as archived,
        (select count(*) from rosterd.permits where status = 'released') as permits_released
      from by_hand.users`;
    requireCounts(counts, { users, archived, permits_released }, "psql");
    return result;
  });
}

/** Gives permits to all users who are inactive in the file. */
async function sellPermits(sql: Place["sql"], { file, permitsEach = 0 }: ImportCase, records: number): Promise<void> {
  if (permitsEach === 0) return;
  await sql`
    insert into rosterd.permits (permit_no, unique_id)
    select format('P%s-%s', number, nth), 'U' || lpad(number::text, 8, '0')
    from generate_series(1, ${records}::integer, ${file.inactiveEvery ?? 1}::integer) as number,
      generate_series(1, ${permitsEach}::integer) as nth`;
}

type FreshDatabase = NonNullable<Awaited<ReturnType<typeof testDatabase>>>;

interface Place extends Pick<FreshDatabase, "url" | "sql"> {
  /** The folder is removed at the end. */
  folder: string;
  /** `keepsFailed`: also writes the failed records to a file. */
  load(file: string, keepsFailed?: boolean, feed?: string): Promise<Measured>;
  /** Waits until the server is idle, so that one measurement does not affect the next. */
  settle(table: string): Promise<void>;
}

/** Runs `work` with an empty database that has rosterd's schema. */
export async function onFreshDatabase<T>(
  program: Program,
  { settings = {} }: Pick<ImportCase, "settings">,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  await using database = (await testDatabase())!;
  const { url, sql } = database;
  const settle = async (table: string) => {
    await sql.unsafe(`vacuum analyze ${table}`);
    await sql.unsafe("vacuum analyze rosterd.permits");
    await sql.unsafe("checkpoint");
  };
  return await inFolder(async (folder) => {
    const load = async (file: string, keepsFailed = false, feed?: string) => {
      const failed = keepsFailed ? ["--failed-file", join(folder, "failed.csv")] : [];
      const words = ["import", file, "--json", ...failed, ...(feed === undefined ? [] : ["--feed", feed])];
      const result = await measure([...program.command, ...words], folder, { DATABASE_URL: url }, sql);
      if (result.code !== 0 && result.code !== 2) throw new Error(`rosterd ended with ${result.code}: ${result.err}`);
      return result;
    };
    await Deno.writeTextFile(join(folder, "settings.json"), JSON.stringify(settings));
    await load(await emptyRoster());
    return await work({ url, sql, folder, load, settle });
  });
}

export function requireCounts(counts: Record<string, unknown>, expected: Record<string, number>, who: string): void {
  for (const [name, count] of Object.entries(expected)) {
    if (counts[name] !== count) throw new Error(`${who} counts ${counts[name]} ${name} instead of ${count}`);
  }
}
