import assert from "node:assert/strict";
import { chown, readFile } from "node:fs/promises";
import { type Tree, treeOf } from "./folder_tree.ts";
import { canMount, withMemory } from "./mounts.ts";
import { notesIn } from "./notes.ts";
import { IS_ROOT, startScript } from "./other_process.ts";
import { type Uploads, withUploads } from "./upload_folder.ts";

const FILES = 60;
const KILLS = 15;
const contentOf = (file: number) => `user ${file}\n`.repeat(1 + file * 50);

function roster(): Tree {
  return Object.fromEntries(Array.from({ length: FILES }, (_, file) => [`x${file}.csv`, contentOf(file)]));
}

/** Starts a turn and kills it soon afterwards. Returns whether the turn ended before the kill. */
async function turn(uploads: Uploads, killAfterMs: number | null): Promise<boolean> {
  const child = startScript("./turn.ts", uploads.root, uploads.at(".database"));
  const output = child.stdout.getReader();
  await output.read();
  const timer = killAfterMs === null ? null : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  const { code } = await child.status;
  if (timer !== null) clearTimeout(timer);
  await output.cancel();
  return code === 0;
}

/**
 * Asserts that every upload was imported once and appears in `bak` once, under its noted name. No other entries are
 * left in the folders.
 */
async function assertAllOnce(uploads: Uploads): Promise<void> {
  const { bak, ".rosterd": work, ".database": _, ...rest } = await treeOf(uploads.root);
  const expected = Array.from({ length: FILES }, (_, file) => contentOf(file)).sort();
  assert.deepEqual([work, rest], [{}, {}]);
  assert.deepEqual(Object.values(bak as Record<string, string>).sort(), expected);
  const notes = notesIn(uploads.at(".database"));
  const imported = notes.filter(([what]) => what === "imported");
  assert.deepEqual(imported.map(([, , content]) => content).sort(), expected);
  for (const [, key, content] of imported) {
    const names = new Set(notes.filter(([what, of]) => what === "moved" && of === key).map(([, , name]) => name));
    assert.equal(names.size, 1);
    assert.equal(await readFile(uploads.at("bak", [...names][0]), "utf8"), content);
  }
}

async function killAtRandom(uploads: Uploads): Promise<void> {
  let kills = 0;
  for (let tries = 0; tries < 2 * KILLS && kills < KILLS; tries++) {
    if (!await turn(uploads, Math.random() * 30)) kills++;
  }
  assert.ok(kills > 0);
  assert.equal(await turn(uploads, null), true);
  await assertAllOnce(uploads);
}

Deno.test("if turns are killed at random moments, every upload is imported once and moves to bak once", () =>
  withUploads(roster(), killAtRandom));

Deno.test({
  name: "turns killed at random moments lose nothing without hard links (needs root)",
  ignore: !IS_ROOT,
  fn: () =>
    withUploads(roster(), async (uploads) => {
      for (let file = 0; file < FILES; file++) await chown(uploads.at(`x${file}.csv`), 65_534, 65_534);
      await killAtRandom(uploads);
    }),
});

Deno.test({
  name: "turns killed at random moments lose nothing with bak on another file system (mounts)",
  ignore: !canMount(),
  fn: () =>
    withUploads({ ...roster(), bak: {} }, (uploads) => withMemory(uploads.at("bak"), () => killAtRandom(uploads))),
});
