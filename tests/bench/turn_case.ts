/**
 * Measures turns of a running service with small files. A turn lasts from the call that starts it until the last file
 * is in `bak`.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { rosterFile, rosterFolder } from "./files.ts";
import type { Program } from "./program.ts";
import { startService } from "./service.ts";

/** The rosters in the folder when the turn begins, in import order. */
export interface Load {
  rosters: readonly string[];
  /** The number of users at the end. */
  users: number;
}

/** Each roster has different users. */
export async function differentUsers(files: number, recordsEach: number): Promise<Load> {
  const folder = await rosterFolder(files, recordsEach);
  const names = (await readdir(folder)).sort();
  return { rosters: names.map((name) => join(folder, name)), users: files * recordsEach };
}

/** Two alternating rosters, which differ in one out of every hundred records. */
export async function sameUsers(files: number, records: number): Promise<Load> {
  const both = [await rosterFile({ records }), await rosterFile({ records, changedEvery: 100 })];
  return { rosters: Array.from({ length: files }, (_, file) => both[file % 2]), users: records };
}

const LONGEST_TURN_MS = 600_000;

/** One turn of a new service on an empty database. */
export async function turnOnce(
  program: Program,
  { rosters, users }: Load,
): Promise<{ seconds: number; grownMB: number; peakMiB: number | null }> {
  await using database = (await testDatabase())!;
  await using service = await startService(program, database.url);
  const files = rosters.length;
  for (const [at, roster] of rosters.entries()) {
    const name = `roster-${String(at + 1).padStart(String(files).length, "0")}.csv`;
    await Deno.copyFile(roster, join(service.upload, `.${name}.part`));
    await Deno.rename(join(service.upload, `.${name}.part`), join(service.upload, name));
  }
  const sizeBefore = await sizeOf(database.sql);
  const begin = performance.now();
  await service.ask("/imports", "POST");
  // With many files, the status is polled less often, because polling would slow down the turn being measured.
  await until("all files are in bak", () => areIn(service.bak, files), LONGEST_TURN_MS, files > 1 ? 50 : 2);
  const seconds = (performance.now() - begin) / 1_000;
  const grownMB = (await sizeOf(database.sql) - sizeBefore) / 1e6;
  const [{ count }] = await database.sql`select count(*) from rosterd.users`;
  if (count !== users) throw new Error(`${count} users instead of ${users}`);
  return { seconds, grownMB, peakMiB: service.peakMiB() };
}

async function sizeOf(sql: TestDatabase["sql"]): Promise<number> {
  const [{ bytes }] = await sql<{ bytes: number }[]>`select pg_database_size(current_database()) as bytes`;
  return bytes;
}

async function areIn(bak: string, files: number): Promise<boolean> {
  try {
    return (await readdir(bak)).length >= files;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return false;
    throw error;
  }
}
