import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";

/**
 * Functions that do not change files. `open` creates a file only if a flag tells it to, and all the flags are defined
 * in `fsync.ts`.
 */
const HARMLESS = new Set(["constants", "lstat", "stat", "open", "readdir", "readFile", "BigIntStats", "FileHandle"]);
const SOURCES = new URL("../../src/inbox/", import.meta.url);

Deno.test("every change to the upload folder goes through disk.ts", async () => {
  const names = (await readdir(SOURCES, { recursive: true })).filter((name) => name.endsWith(".ts"));
  assert.ok(names.includes("files/disk.ts"));
  for (const name of names.filter((name) => name !== "files/disk.ts")) {
    const text = await readFile(new URL(name, SOURCES), "utf8");
    for (const [, words] of text.matchAll(/^import (?:type )?\{([^}]*)\} from "node:fs(?:\/promises)?";$/gm)) {
      const imported = words.split(",").map((word) => word.trim().replace(/^type /, "")).filter((word) => word !== "");
      assert.deepEqual(imported.filter((word) => !HARMLESS.has(word)), [], `src/inbox/${name} does not use disk.ts`);
    }
    assert.doesNotMatch(text, /\bDeno\.|from "node:fs"(?<!\} from "node:fs");|\bopen\([^)]*"/, `src/inbox/${name}`);
  }
});
