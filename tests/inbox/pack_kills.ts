/** Kills a process that is packing an upload, before and after each of its changes to the folders. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import manifest from "../../deno.json" with { type: "json" };
import { MIN_PACKED_BYTES } from "../../src/inbox/bak/pack.ts";
import { T, type Uploads, withUploads } from "./upload_folder.ts";

const LARGE = "a long line of a roster\n".repeat(1 + MIN_PACKED_BYTES / 24);
const DISK = new URL("../../src/inbox/files/disk.ts", import.meta.url).href;
const KILLING_DISK = new URL("../faults/steps/disk.ts", import.meta.url).href;

/** The killing module replaces the real one everywhere except within itself. */
const IMPORT_MAP = {
  imports: { zod: manifest.imports.zod, [DISK]: KILLING_DISK },
  scopes: { [KILLING_DISK]: { [DISK]: DISK } },
};

/** Returns the change at which the process was killed; null if it ended on its own. */
async function turn(uploads: Uploads, kill: string): Promise<string | null> {
  const map = uploads.at(".import_map.json"), killed = uploads.at(".killed");
  await Deno.writeTextFile(map, JSON.stringify(IMPORT_MAP));
  const args = ["run", "-A", "--quiet", "--no-check", `--import-map=${map}`];
  const script = fileURLToPath(import.meta.resolve("./turn.ts"));
  const { signal, code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args, script, uploads.root, uploads.at(".database")],
    env: { ROSTERD_KILL: kill, ROSTERD_KILLED: killed },
  }).output();
  assert.ok(signal === "SIGKILL" || code === 0, new TextDecoder().decode(stderr));
  return signal === "SIGKILL" ? await Deno.readTextFile(killed) : null;
}

/** The places where the whole roster is stored, packed or not. A link counts once. */
async function wholeCopies({ root }: Uploads): Promise<string[]> {
  const copies = new Map<number | null, string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || entry.name.endsWith(".tmp")) continue;
    if (textOf(await readFile(path)) === LARGE) copies.set((await Deno.stat(path)).ino, path);
  }
  return [...copies.values()];
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder().decode(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes);
  } catch {
    return null;
  }
}

/**
 * Kills a process at change number `from`, then at every `stride`-th change after it, until a turn ends on its own.
 * Returns the changes.
 */
export async function killWhilePacking(from: number, stride: number): Promise<string[]> {
  const interrupted: string[] = [];
  for (let change = from;; change += stride) {
    const before = await killOnce(`before ${change}`);
    if (before === null) return interrupted;
    // A change that fails, such as creating a folder that already exists, has no "after".
    interrupted.push(before, ...[await killOnce(`after ${change}`)].filter((where) => where !== null));
  }
}

/** Kills a process, lets another one continue, and checks the result. */
async function killOnce(kill: string): Promise<string | null> {
  let where: string | null = null;
  await withUploads({ "x.csv": LARGE }, async (uploads) => {
    where = await turn(uploads, kill);
    assert.equal((await wholeCopies(uploads)).length, 1, where ?? "not killed");
    assert.equal(await turn(uploads, "never 0"), null);
    assert.deepEqual(await readdir(uploads.at("bak")), [`x.${T}.csv.gz`], where ?? "not killed");
    assert.equal(textOf(await readFile(uploads.at("bak", `x.${T}.csv.gz`))), LARGE);
    assert.deepEqual(await readdir(uploads.at(".rosterd")), []);
  });
  return where;
}
