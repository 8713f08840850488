import assert from "node:assert/strict";
import { appendFile, lstat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyFile, sameContent } from "../../src/inbox/bak/copy.ts";
import { plant } from "./folder_tree.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a file that grows while it is copied is not moved", () =>
  inFolder(async (folder) => {
    const [source, copy] = [join(folder, "source"), join(folder, "copy")];
    await writeFile(source, "");
    await truncate(source, 64 * 1_048_576);
    const copying = assert.rejects(copyFile(source, copy), {
      name: "ChangedWhileCopied",
      code: "changed_while_copied",
    });
    while (!await lstat(copy).then(() => true, () => false));
    await appendFile(source, "more");
    await copying;
  }));

Deno.test("two files are the same only if every byte is the same", () =>
  inFolder(async (folder) => {
    const long = "x".repeat(300_000);
    await plant(folder, { a: long, b: long, c: long.slice(1) + "y", d: long + "x", empty: "", nothing: "" });
    const same = (one: string, other: string) => sameContent(join(folder, one), join(folder, other));
    assert.equal(await same("a", "b"), true);
    assert.equal(await same("a", "c"), false);
    assert.equal(await same("a", "d"), false);
    assert.equal(await same("empty", "nothing"), true);
    assert.equal(await same("a", "empty"), false);
  }));
