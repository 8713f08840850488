/** The files for the measurements. Each file is created once from a seed and kept in the temporary folder. */
import { createHash } from "node:crypto";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROSTER_HEADER, type RosterPlan, writeRoster } from "./roster.ts";

const FOLDER = join(tmpdir(), "rosterd-bench");
/** Slightly more than the size of a record from `roster.ts`. */
const BYTES_A_RECORD = 300;

/** The roster for a plan. An existing file is reused. */
export async function rosterFile(plan: RosterPlan): Promise<string> {
  const { records, shape = {} } = plan;
  const form = createHash("sha256").update(JSON.stringify(plan)).digest("hex").slice(0, 12);
  const name = `roster-${records}-${form}.csv${shape.encoding === "gz" ? ".gz" : ""}`;
  return await madeOnce(name, async (path) => {
    await requireSpace(records * BYTES_A_RECORD);
    await writeRoster(path, plan);
  });
}

/** A folder with rosters, each with different users. */
export async function rosterFolder(files: number, recordsEach: number): Promise<string> {
  return await madeOnce(`rosters-${files}-${recordsEach}`, async (path) => {
    await Deno.mkdir(path, { recursive: true });
    for (let file = 0; file < files; file++) {
      const name = `roster-${String(file + 1).padStart(String(files).length, "0")}.csv`;
      await writeRoster(join(path, name), { records: recordsEach, from: 1 + file * recordsEach });
    }
  });
}

/** A roster without users, whose import creates the schema. */
export async function emptyRoster(): Promise<string> {
  return await madeOnce("empty.csv", (path) => Deno.writeTextFile(path, ROSTER_HEADER + "\n"));
}

async function madeOnce(name: string, make: (path: string) => Promise<void>): Promise<string> {
  const path = join(FOLDER, name);
  await Deno.mkdir(FOLDER, { recursive: true });
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await make(`${path}.part`);
    await Deno.rename(`${path}.part`, path);
  }
  return path;
}

async function requireSpace(bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(FOLDER);
  if (bavail * bsize < 2 * bytes) throw new Error(`${FOLDER} has no room for a roster of ${bytes} bytes`);
}
