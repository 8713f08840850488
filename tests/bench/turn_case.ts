/**
 * Measures turns of a running service over small files: from the call that starts the turn until the last file is in
 * `bak`.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { testDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { rosterFolder } from "./files.ts";
import type { Program } from "./program.ts";
import { startService } from "./service.ts";

/** Rosters with different users, which are in the folder when the turn begins. */
export interface Load {
  files: number;
  recordsEach: number;
}

const LONGEST_TURN_MS = 600_000;

/** One turn of a new service on an empty database. */
export async function turnOnce(
  program: Program,
  { files, recordsEach }: Load,
): Promise<{ seconds: number; peakMiB: number | null }> {
  await using database = (await testDatabase())!;
  await using service = await startService(program, database.url);
  const rosters = await rosterFolder(files, recordsEach);
  for (const name of await readdir(rosters)) {
    await Deno.copyFile(join(rosters, name), join(service.upload, `.${name}.part`));
    await Deno.rename(join(service.upload, `.${name}.part`), join(service.upload, name));
  }
  const begin = performance.now();
  await service.ask("/imports", "POST");
  // With many files, polls rarely, because polling would slow down what is measured.
  await until("all files are in bak", () => areIn(service.bak, files), LONGEST_TURN_MS, files > 1 ? 50 : 2);
  const seconds = (performance.now() - begin) / 1_000;
  const [{ users }] = await database.sql`select count(*) as users from rosterd.users`;
  if (users !== files * recordsEach) throw new Error(`${users} users instead of ${files * recordsEach}`);
  return { seconds, peakMiB: service.peakMiB() };
}

async function areIn(bak: string, files: number): Promise<boolean> {
  try {
    return (await readdir(bak)).length >= files;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return false;
    throw error;
  }
}
