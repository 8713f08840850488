/** A large upload is gzipped before it moves to `bak`, and an import reads the same data from it. */
import assert from "node:assert/strict";
import { chmod, chown, lstat, readdir, readFile, writeFile } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import type { ClaimedUpload } from "../../src/importer/inbox_port.ts";
import { MIN_PACKED_BYTES } from "../../src/inbox/bak/pack.ts";
import { PLANTED_AT } from "./folder_tree.ts";
import { IS_ROOT } from "./other_process.ts";
import { STARTED, T, type Uploads, withUploads } from "./upload_folder.ts";

const { signal } = new AbortController();

/** Lines that all differ, slightly more than the size above which a file is packed. */
function large(line: (n: number) => string = (n) => `user ${n},${n * 7_919 % 100_003}\n`): string {
  let text = "";
  for (let n = 0; text.length <= MIN_PACKED_BYTES; n++) text += line(n);
  return text;
}

const LARGE = large();

async function packAndMove(uploads: Uploads, name: string): Promise<string> {
  const { inbox } = uploads, claimed = await uploads.claim(name);
  await (await inbox.open(claimed))!.close();
  await inbox.pack(claimed, signal);
  const bakFile = (await inbox.moveToBak(claimed, STARTED))!;
  await inbox.forget(claimed);
  return bakFile;
}

const test = (name: string, content: string | Uint8Array, run: (uploads: Uploads) => Promise<void>) =>
  withUploads({}, async (uploads) => {
    await writeFile(uploads.at(name), content);
    await Deno.utime(uploads.at(name), PLANTED_AT, PLANTED_AT);
    try {
      await run(uploads);
    } finally {
      await uploads.inbox.close();
    }
  });

Deno.test("a large upload stands gzipped in bak, with its bytes, mode and time", () =>
  test("x.csv", LARGE, async (uploads) => {
    await chmod(uploads.at("x.csv"), 0o604);
    assert.equal(await packAndMove(uploads, "x.csv"), `x.${T}.csv.gz`);
    const path = uploads.at("bak", `x.${T}.csv.gz`);
    assert.equal(gunzipSync(await readFile(path)).toString(), LARGE);
    const { size, mode, mtime } = await lstat(path);
    assert.ok(size < LARGE.length / 2, `${size}`);
    assert.deepEqual([mode & 0o777, mtime], [0o604, PLANTED_AT]);
    assert.deepEqual(await readdir(uploads.at(".rosterd")), []);
  }));

Deno.test({
  name: "a packed upload keeps its owner and group (needs root)",
  ignore: !IS_ROOT,
  fn: () =>
    test("x.csv", LARGE, async (uploads) => {
      await chown(uploads.at("x.csv"), 65_534, 65_533);
      const { uid, gid } = await lstat(uploads.at("bak", await packAndMove(uploads, "x.csv")));
      assert.deepEqual([uid, gid], [65_534, 65_533]);
    }),
});

Deno.test("small and gzipped uploads move to bak as they are", async () => {
  const packed = gzipSync(LARGE, { level: 0 });
  await test("x.csv", LARGE.slice(0, MIN_PACKED_BYTES), async (uploads) => {
    assert.equal(await packAndMove(uploads, "x.csv"), `x.${T}.csv`);
  });
  await test("x.csv.gz", packed, async (uploads) => {
    assert.equal(await packAndMove(uploads, "x.csv.gz"), `x.${T}.csv.gz`);
    assert.deepEqual(await readFile(uploads.at("bak", `x.${T}.csv.gz`)), packed);
  });
});

Deno.test("a gzipped upload without .gz in its name gets it in bak", () =>
  test("x.csv", gzipSync("a\n"), async (uploads) => {
    assert.equal(await packAndMove(uploads, "x.csv"), `x.${T}.csv.gz`);
    assert.deepEqual(await readFile(uploads.at("bak", `x.${T}.csv.gz`)), gzipSync("a\n"));
  }));

Deno.test("an upload that would look like a zip bomb when packed is not packed", () =>
  test("x.csv", "1,a\n".repeat(11 * MIN_PACKED_BYTES / 4), async (uploads) => {
    assert.equal(await packAndMove(uploads, "x.csv"), `x.${T}.csv`);
    assert.deepEqual(uploads.events.at(-1), ["roster_not_packed", { file: "x.csv", code: "not_readable" }]);
    assert.deepEqual(await readdir(uploads.at("bak")), [`x.${T}.csv`]);
  }));

Deno.test("the name in bak stays once it is noted, even if the upload could be packed since", () =>
  test("x.csv", LARGE, async (uploads) => {
    const claimed = await uploads.claim("x.csv");
    const note = { upload: { name: "x.csv", mtime: 0, size: LARGE.length }, bak: `x.${T}.csv` };
    await writeFile(uploads.at(".rosterd", claimed.key, ".bak-name"), JSON.stringify(note));
    const later = uploads.restarted();
    await later.pack(claimed, signal);
    assert.equal(await later.moveToBak(claimed, new Date(0)), `x.${T}.csv`);
    assert.equal(await readFile(uploads.at("bak", `x.${T}.csv`), "utf8"), LARGE);
  }));

Deno.test("a process that continues after the packing moves the packed file under the same name", () =>
  test("x.csv", LARGE, async (uploads) => {
    await uploads.inbox.pack(await uploads.claim("x.csv"), signal);
    const later = uploads.restarted(), [claimed] = (await later.scan(0)).claimed as [ClaimedUpload];
    assert.equal(claimed.name, "x.csv");
    await later.pack(claimed, signal);
    assert.equal(await later.moveToBak(claimed, STARTED), `x.${T}.csv.gz`);
    assert.equal(gunzipSync(await readFile(uploads.at("bak", `x.${T}.csv.gz`))).toString(), LARGE);
  }));

Deno.test("a packing that is stopped leaves the upload as it was", () =>
  test("x.csv", LARGE, async (uploads) => {
    const claimed = await uploads.claim("x.csv"), stop = new AbortController();
    const packing = uploads.inbox.pack(claimed, stop.signal);
    stop.abort();
    await assert.rejects(packing, { name: "AbortError" });
    assert.deepEqual(await readdir(uploads.at(".rosterd", claimed.key)), ["x.csv"]);
    assert.equal(await readFile(uploads.at(".rosterd", claimed.key, "x.csv"), "utf8"), LARGE);
  }));

Deno.test("an upload that grows after it was packed is reported", () =>
  test("x.csv", LARGE, async (uploads) => {
    using writer = Deno.openSync(uploads.at("x.csv"), { append: true });
    const bakFile = await packAndMove(uploads, "x.csv"), imported = LARGE.length;
    assert.deepEqual(await uploads.inbox.lateWrites(), []);
    writer.writeSync(new TextEncoder().encode("late\n"));
    assert.deepEqual(await uploads.inbox.lateWrites(), [{ name: "x.csv", bakFile, imported, size: imported + 5 }]);
    assert.deepEqual(await uploads.inbox.lateWrites(), []);
  }));

Deno.test("few replaced uploads are held open, and none for longer than an hour", () =>
  test("x0.csv", LARGE, async (uploads) => {
    const writers: Deno.FsFile[] = [];
    for (let n = 0; n < 6; n++) {
      await writeFile(uploads.at(`x${n}.csv`), LARGE);
      writers.push(Deno.openSync(uploads.at(`x${n}.csv`), { append: true }));
      await packAndMove(uploads, `x${n}.csv`);
    }
    const grow = () => writers.forEach((writer) => writer.writeSync(new TextEncoder().encode("late\n")));
    grow();
    assert.deepEqual((await uploads.inbox.lateWrites()).map(({ name }) => name), [
      "x2.csv",
      "x3.csv",
      "x4.csv",
      "x5.csv",
    ]);
    await writeFile(uploads.at("y.csv"), LARGE);
    using writer = Deno.openSync(uploads.at("y.csv"), { append: true });
    await packAndMove(uploads, "y.csv");
    uploads.clock.pass(3_600);
    assert.deepEqual(await uploads.inbox.lateWrites(), []);
    writer.writeSync(new TextEncoder().encode("late\n"));
    assert.deepEqual(await uploads.inbox.lateWrites(), []);
    writers.forEach((writer) => writer.close());
  }));
