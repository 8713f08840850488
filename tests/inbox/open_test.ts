import assert from "node:assert/strict";
import { appendFile, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openRosterFile } from "../../src/inbox/files/open.ts";
import { linkTo, PIPE, plant } from "./folder_tree.ts";
import { textOf } from "./upload_folder.ts";

async function withFile(content: string, test: (path: string, folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await plant(folder, { "x.csv": content });
    await test(join(folder, "x.csv"), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("each read starts at the beginning, in chunks of at most 256 KiB", () =>
  withFile("0123456789".repeat(60_000), async (path) => {
    const file = await openRosterFile(path, "what it is called");
    assert.equal(file.name, "what it is called");
    assert.equal(file.size, 600_000);
    for (let reads = 0; reads < 2; reads++) {
      const sizes = (await Array.fromAsync(file.read())).map(({ length }) => length);
      assert.deepEqual(sizes, [262_144, 262_144, 75_712]);
    }
    for await (const chunk of file.read()) {
      assert.equal(chunk[0], 0x30);
      break;
    }
    assert.equal((await textOf(file.read())).length, 600_000);
    await file.close();
  }));

Deno.test("a chunk does not change while later ones are read", () =>
  withFile("a".repeat(262_144) + "b".repeat(262_144), async (path) => {
    const file = await openRosterFile(path, "x.csv");
    const [first, second] = await Array.fromAsync(file.read());
    assert.deepEqual([first[0], first.at(-1), second[0], second.at(-1)], [0x61, 0x61, 0x62, 0x62]);
    await file.close();
  }));

Deno.test("chunks alternate between the two halves of the given buffer", () =>
  withFile("a".repeat(4_096) + "b".repeat(4_096) + "c".repeat(1_000), async (path) => {
    const file = await openRosterFile(path, "x.csv");
    const into = new Uint8Array(8_192);
    const chunks: string[] = [];
    for await (const chunk of file.read(into)) {
      chunks.push(`${chunk.byteOffset} ${chunk.length} ${String.fromCharCode(chunk[0], chunk[chunk.length - 1])}`);
      assert.equal(chunk.buffer, into.buffer);
    }
    assert.deepEqual(chunks, ["0 4096 aa", "4096 4096 bb", "0 1000 cc"]);
    await file.close();
  }));

Deno.test("a reader that stops early can close the file immediately", () =>
  withFile("a".repeat(1_000_000), async (path) => {
    const file = await openRosterFile(path, "x.csv");
    for await (const chunk of file.read(new Uint8Array(1_024))) {
      assert.equal(chunk.length, 512);
      break;
    }
    await file.close();
  }));

Deno.test("growth, truncation and a new time are changes, but a rename is not", async (t) => {
  const cases: [string, (path: string) => Promise<void>, boolean][] = [
    ["nothing", () => Promise.resolve(), false],
    ["growth", (path) => appendFile(path, "b"), true],
    ["truncation", (path) => truncate(path, 1), true],
    ["a new time", (path) => utimes(path, 0, 0), true],
    ["another file under the name", async (path) => {
      await Deno.rename(path, path + ".old");
      await writeFile(path, "evil");
    }, false],
  ];
  for (const [what, change, changed] of cases) {
    await t.step(what, () =>
      withFile("abcd\n", async (path) => {
        const file = await openRosterFile(path, "x.csv");
        await change(path);
        assert.equal(await file.changed(), changed);
        assert.equal(await textOf(file.read()), what === "truncation" ? "a" : "abcd\n");
        await file.close();
      }));
  }
});

Deno.test("a file that cannot be opened throws an error with its code", () =>
  withFile("a\n", async (path, folder) => {
    await plant(folder, { "link.csv": linkTo(path), "pipe.csv": PIPE });
    const codeOf = (name: string) => openRosterFile(join(folder, name), name).then(String, ({ code }) => code);
    assert.equal(await codeOf("none.csv"), "ENOENT");
    assert.equal(await codeOf("."), "EISDIR");
    assert.equal(await codeOf("link.csv"), "ELOOP");
    assert.equal(await codeOf("pipe.csv"), "not_a_plain_file");
  }));
