import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";

/** What only looks. `open` makes nothing without a flag that says so, and all flags stand in `fsync.ts`. */
const HARMLESS = new Set(["constants", "lstat", "stat", "open", "readdir", "readFile", "BigIntStats", "FileHandle"]);
const SOURCES = new URL("../../src/inbox/", import.meta.url);

Deno.test("nothing changes the upload folder but through disk.ts", async () => {
  const names = (await readdir(SOURCES, { recursive: true })).filter((name) => name.endsWith(".ts"));
  assert.ok(names.includes("files/disk.ts"));
  for (const name of names.filter((name) => name !== "files/disk.ts")) {
    const text = await readFile(new URL(name, SOURCES), "utf8");
    for (const [, words] of text.matchAll(/^import (?:type )?\{([^}]*)\} from "node:fs(?:\/promises)?";$/gm)) {
      const taken = words.split(",").map((word) => word.trim().replace(/^type /, "")).filter((word) => word !== "");
      assert.deepEqual(taken.filter((word) => !HARMLESS.has(word)), [], `src/inbox/${name} goes past disk.ts`);
    }
    assert.doesNotMatch(text, /\bDeno\.|from "node:fs"(?<!\} from "node:fs");|\bopen\([^)]*"/, `src/inbox/${name}`);
  }
});
