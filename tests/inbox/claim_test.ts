import assert from "node:assert/strict";
import { emptyScan } from "../../src/importer/inbox_port.ts";
import { appendFile, lstat, mkdir, rename, symlink, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { foldersOf } from "../../src/inbox/folders.ts";
import { fingerprintOf } from "../../src/inbox/scan/settle.ts";
import { renameThenCheck } from "../../src/inbox/claim/claim.ts";
import { linkTo, PIPE, PLANTED_AT, type Tree, treeOf } from "./folder_tree.ts";
import { STARTED, T, textOf, type Uploads, withUploads } from "./upload_folder.ts";

async function ready({ inbox }: Uploads, name = "x.csv") {
  return (await inbox.scan(0)).ready.find((upload) => upload.name === name)!;
}

/** Replaces the KEY folders with a list of their contents. */
async function numberedTree(root: string): Promise<Record<string, unknown>> {
  const { ".rosterd": work, ...rest } = await treeOf(root);
  return { ...rest, work: Object.values(work as Record<string, unknown>) };
}

Deno.test("a claimed upload keeps its name, alone in a folder of .rosterd, and is listed until it is forgotten", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    const claimed = await uploads.claim("x.csv");
    assert.match(claimed.key, new RegExp(`^${T}-[0-9a-f]{8}$`));
    assert.deepEqual({ ...claimed, key: "" }, {
      key: "",
      name: "x.csv",
      mtime: PLANTED_AT.getTime(),
      size: 2,
      by: null,
    });
    assert.deepEqual(await treeOf(uploads.root), { ".rosterd": { [claimed.key]: { "x.csv": "a\n" } } });
    for (const inbox of [uploads.inbox, uploads.restarted()]) {
      assert.deepEqual(await inbox.scan(30), { ...emptyScan(), claimed: [claimed] });
    }
  }));

Deno.test("two uploads with the same name can be claimed at the same time, and are listed in order", () =>
  withUploads({ "x.csv": "new\n", "y.csv": "old\n" }, async (uploads) => {
    const first = await uploads.claim("x.csv");
    await utimes(uploads.at("y.csv"), new Date("2020-01-01"), new Date("2020-01-01"));
    const second = await uploads.claim("y.csv");
    await writeFile(uploads.at("x.csv"), "newest\n");
    const third = await uploads.claim("x.csv");
    assert.deepEqual((await uploads.restarted().scan(0)).claimed, [second, first, third]);
  }));

Deno.test("an upload that vanished or changed since the scan is not claimed", async (t) => {
  const changes: Record<string, (path: string) => Promise<void>> = {
    vanished: (path) => unlink(path),
    grown: (path) => appendFile(path, "b\n"),
    "replaced by another file": async (path) => {
      await writeFile(`${path}.part`, "b\n");
      await rename(`${path}.part`, path);
    },
    "replaced by another file of the same size and time": async (path) => {
      await writeFile(`${path}.part`, "b\n");
      await utimes(`${path}.part`, PLANTED_AT, PLANTED_AT);
      await rename(`${path}.part`, path);
    },
    "replaced by a link to a secret": async (path) => {
      await unlink(path);
      await symlink("/etc/passwd", path);
    },
    "replaced by a folder": async (path) => {
      await unlink(path);
      await mkdir(path);
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    await t.step(what, () =>
      withUploads({ "x.csv": "a\n" }, async (uploads) => {
        const upload = await ready(uploads);
        await change(uploads.at("x.csv"));
        const before = await treeOf(uploads.root);
        assert.equal(await uploads.inbox.claim(upload), null);
        assert.deepEqual(await treeOf(uploads.root), before);
      }));
  }
});

Deno.test("an upload that has changed according to a later scan is not claimed from an earlier scan", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    const upload = await ready(uploads);
    await appendFile(uploads.at("x.csv"), "b\n");
    await uploads.inbox.scan(30);
    assert.equal(await uploads.inbox.claim(upload), null);
    assert.equal(await uploads.inbox.claim({ ...upload, size: 4 }), null);
    assert.equal(await uploads.inbox.claim({ ...upload, name: "unseen.csv" }), null);
  }));

Deno.test("an upload that changed while it was being read waits until it has settled again", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    const { inbox, clock, at } = uploads;
    const claimed = await uploads.claim("x.csv");
    inbox.requireResettle(claimed);
    const codesNow = async () => (await inbox.scan(30)).waiting.map(({ name, code }) => [name, code]);
    assert.deepEqual(await codesNow(), [["x.csv", "changed_while_read"]]);
    clock.pass(29);
    await appendFile(at(".rosterd", claimed.key, "x.csv"), "b\n");
    assert.deepEqual(await codesNow(), [["x.csv", "changed_while_read"]]);
    clock.pass(29);
    assert.deepEqual((await inbox.scan(30)).claimed, []);
    clock.pass(1);
    const scan = await inbox.scan(30);
    assert.deepEqual(scan.claimed.map(({ key, size }) => [key, size]), [[claimed.key, 4]]);
    assert.deepEqual(scan.waiting, []);
    inbox.requireResettle(claimed);
    assert.deepEqual(await codesNow(), [["x.csv", "changed_while_read"]]);
  }));

Deno.test("the handle shows that another program is still writing the claimed file", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    using writer = Deno.openSync(uploads.at("x.csv"), { append: true });
    const file = (await uploads.inbox.open(await uploads.claim("x.csv")))!;
    assert.equal(await file.changed(), false);
    writer.writeSync(new TextEncoder().encode("b\n"));
    assert.equal(await textOf(file.read()), "a\n");
    assert.equal(await file.changed(), true);
    await file.close();
  }));

Deno.test("a claimed upload that was removed or replaced is not opened", () =>
  withUploads({ "x.csv": "a\n", "y.csv": "a\n" }, async (uploads) => {
    const { inbox, at } = uploads;
    const [x, y] = [await uploads.claim("x.csv"), await uploads.claim("y.csv")];
    await unlink(at(".rosterd", x.key, "x.csv"));
    assert.equal(await inbox.open(x), null);
    await inbox.forget(x);
    await unlink(at(".rosterd", y.key, "y.csv"));
    await symlink("/etc/passwd", at(".rosterd", y.key, "y.csv"));
    assert.equal(await inbox.open(y), null);
    const { claimed, waiting } = await inbox.scan(0);
    assert.deepEqual(claimed, []);
    assert.deepEqual(waiting.map(({ name, code }) => [name, code]), [[`.rosterd/${y.key}`, "stray"]]);
  }));

Deno.test("a link to a folder in .rosterd is not followed", () =>
  withUploads({ ".rosterd": {} }, async ({ inbox, at }) => {
    const elsewhere = await Deno.makeTempDir();
    await writeFile(join(elsewhere, "x.csv"), "secret\n");
    await symlink(elsewhere, at(".rosterd", "planted"));
    assert.deepEqual((await inbox.scan(0)).claimed, []);
    await Deno.remove(elsewhere, { recursive: true });
  }));

Deno.test("keys and names with a path out of the folder are refused", () =>
  withUploads({ "x.csv": "a\n" }, async ({ inbox }) => {
    for (const [key, name] of [["..", "x.csv"], ["k", "../../x.csv"], ["../..", "x.csv"], ["k", "x\0.csv"]]) {
      const upload = { key, name, mtime: 0, size: 2, by: null };
      await assert.rejects(inbox.open(upload), RangeError);
      await assert.rejects(inbox.moveToBak(upload, new Date()), RangeError);
      const outside = { ...upload, name: name === "x.csv" ? "../x.csv" : name };
      await assert.rejects(inbox.keepFailed(outside, STARTED, async () => {}), RangeError);
    }
    await assert.rejects(inbox.forget({ key: "../bak", name: "x.csv", mtime: 0, size: 2, by: null }), RangeError);
  }));

Deno.test("the leftovers of a crash are removed, but uploads are kept", () =>
  withUploads({
    "x.csv": "a\n",
    ".rosterd-0123abcd.probe": {},
    ".rosterd-11111111.probe": "a foreign file",
    ".rosterd-22222222.tmp": "a foreign file",
    ".rosterd": {
      "20261101T000000Z-00000000": {},
      "20261101T000000Z-11111111": { ".rosterd-00112233.tmp": "half a note" },
      "20261101T000000Z-22222222": { "y.csv": "b\n", ".rosterd-00112233.tmp": "half a note" },
      ".rosterd-0123abcd.probe": {},
      "a file": "of another program",
    },
    "bak": { ".rosterd-0123abcd.tmp": "half a copy", ".rosterd-0123abcd.probe": {}, "z.csv": "c\n" },
  }, async (uploads) => {
    assert.deepEqual((await uploads.inbox.scan(0)).claimed.map(({ name }) => name), ["y.csv"]);
    await uploads.inbox.tidy();
    await uploads.claim("x.csv");
    assert.deepEqual(await numberedTree(uploads.root), {
      ".rosterd-11111111.probe": "a foreign file",
      ".rosterd-22222222.tmp": "a foreign file",
      work: [{ "y.csv": "b\n" }, { "x.csv": "a\n" }, "of another program"],
      bak: { "z.csv": "c\n" },
    });
  }));

Deno.test("an entry that replaced the upload during the rename is moved back", async (t) => {
  const swapped: Record<string, Tree> = {
    "another file": { "x.csv": "another\n" },
    "a link": { "x.csv": linkTo("/etc/passwd") },
    "a pipe": { "x.csv": PIPE },
    "a folder": { "x.csv": { "inner.csv": "a\n" } },
  };
  for (const [what, tree] of Object.entries(swapped)) {
    await t.step(what, () =>
      withUploads({ ...tree, ".rosterd": {}, ".before": "a\n" }, async ({ root, at }) => {
        const before = await treeOf(root);
        const fingerprint = fingerprintOf(await lstat(at(".before"), { bigint: true }));
        const result = await renameThenCheck(foldersOf(root), "x.csv", fingerprint, STARTED);
        assert.deepEqual(result, { outcome: "vanished" });
        assert.deepEqual(await treeOf(root), before);
      }));
  }
});

Deno.test("a claimed upload whose last steps run during a scan does not count as a stray folder", () =>
  withUploads({}, async (uploads) => {
    const strays: string[] = [];
    for (let at = 0; at < 60; at++) {
      await writeFile(uploads.at(`x${at}.csv`), "a\n");
      const claimed = await uploads.claim(`x${at}.csv`);
      let isOver = false;
      const lastSteps = (async () => {
        await uploads.inbox.moveToBak(claimed, STARTED);
        await uploads.inbox.forget(claimed);
      })().finally(() => isOver = true);
      const scanning = uploads.restarted();
      while (!isOver) strays.push(...(await scanning.scan(30)).waiting.map(({ code }) => code));
      await lastSteps;
    }
    assert.deepEqual(strays, []);
  }));
