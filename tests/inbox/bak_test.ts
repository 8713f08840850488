import assert from "node:assert/strict";
import { appendFile, chmod, link, lstat, mkdir, rename, unlink, writeFile } from "node:fs/promises";
import { PLANTED_AT, treeOf } from "./folder_tree.ts";
import { STARTED, T, type Uploads, withUploads } from "./upload_folder.ts";

const text = (value: string) => new TextEncoder().encode(value);

const bakOf = async ({ root }: Uploads) => (await treeOf(root)).bak;

Deno.test("a finished upload moves to bak under its dated name, and keeps its mode and time", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    const { inbox, at, root } = uploads;
    await chmod(at("x.csv"), 0o604);
    const claimed = await uploads.claim("x.csv");
    const { ino } = await lstat(at(".rosterd", claimed.key, "x.csv"));
    assert.equal(await inbox.moveToBak(claimed, STARTED), `x.${T}.csv`);
    const moved = await lstat(at("bak", `x.${T}.csv`));
    assert.deepEqual([moved.ino, moved.mode & 0o777, moved.mtime], [ino, 0o604, PLANTED_AT]);
    assert.equal((await lstat(at("bak"))).mode & 0o777, 0o750 & ~Deno.umask());
    await inbox.forget(claimed);
    assert.deepEqual(await treeOf(root), { ".rosterd": {}, bak: { [`x.${T}.csv`]: "a\n" } });
  }));

Deno.test("an existing entry in bak is never overwritten, whatever its kind", () =>
  withUploads({
    "x.csv": "new\n",
    bak: { [`x.${T}.csv`]: "old\n", [`x.${T}-2.csv`]: "", [`x.${T}-3.csv`]: { "a folder": "\n" } },
  }, async (uploads) => {
    assert.equal(await uploads.inbox.moveToBak(await uploads.claim("x.csv"), STARTED), `x.${T}-4.csv`);
    assert.deepEqual(await bakOf(uploads), {
      [`x.${T}.csv`]: "old\n",
      [`x.${T}-2.csv`]: "",
      [`x.${T}-3.csv`]: { "a folder": "\n" },
      [`x.${T}-4.csv`]: "new\n",
    });
  }));

Deno.test("a repeated move keeps the name and leaves one file, even in another process", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    const claimed = await uploads.claim("x.csv");
    const name = (await uploads.inbox.moveToBak(claimed, STARTED))!;
    const later = uploads.restarted();
    const [again] = (await later.scan(30)).moved;
    assert.deepEqual(again, claimed);
    assert.equal(await later.open(again), null);
    assert.equal(await later.moveToBak(again, new Date(0)), name);
    await later.forget(again);
    assert.deepEqual((await later.scan(30)).moved, []);
    assert.deepEqual(await bakOf(uploads), { [name]: "a\n" });
  }));

Deno.test("after a crash at any step, the move ends with one file in bak under the noted name", async (t) => {
  const noted = `x.${T}.csv`;
  const note = JSON.stringify({ upload: { name: "x.csv", mtime: PLANTED_AT.getTime(), size: 2 }, bak: noted });
  const steps: Record<string, (source: string, target: string) => Promise<void>> = {
    "the note was written": () => Promise.resolve(),
    "the link was made": (source, target) => link(source, target),
    "the name was claimed by an empty file": (_, target) => writeFile(target, ""),
    "the copy got its name": (_, target) => writeFile(target, "a\n"),
    "all but forgetting was done": (source, target) => rename(source, target),
  };
  for (const [step, happened] of Object.entries(steps)) {
    await t.step(step, () =>
      withUploads({ "x.csv": "a\n", bak: {} }, async (uploads) => {
        const { key } = await uploads.claim("x.csv");
        await writeFile(uploads.at(".rosterd", key, ".bak-name"), note);
        await happened(uploads.at(".rosterd", key, "x.csv"), uploads.at("bak", noted));
        const later = uploads.restarted();
        const { claimed: [left], moved: [gone] } = await later.scan(30);
        const claimed = left ?? gone;
        assert.equal(await later.moveToBak(claimed, new Date(0)), noted);
        await later.forget(claimed);
        assert.deepEqual(await treeOf(uploads.root), { ".rosterd": {}, bak: { [noted]: "a\n" } });
      }));
  }
});

Deno.test("another program's file under the noted name is left unchanged", () =>
  withUploads({ "x.csv": "a\n", bak: { [`x.${T}.csv`]: "b\n" } }, async (uploads) => {
    const { key } = await uploads.claim("x.csv");
    const note = { upload: { name: "x.csv", mtime: 0, size: 2 }, bak: `x.${T}.csv` };
    await writeFile(uploads.at(".rosterd", key, ".bak-name"), JSON.stringify(note));
    const [claimed] = (await uploads.restarted().scan(0)).claimed;
    assert.equal(await uploads.inbox.moveToBak(claimed, STARTED), `x.${T}-2.csv`);
    assert.deepEqual(await bakOf(uploads), { [`x.${T}.csv`]: "b\n", [`x.${T}-2.csv`]: "a\n" });
  }));

Deno.test("an invalid note does not stop an import", () =>
  withUploads({ "x.csv": "a\n", "y.csv": "a\n" }, async (uploads) => {
    const { inbox, at } = uploads;
    const [x, y] = [await uploads.claim("x.csv"), await uploads.claim("y.csv")];
    await writeFile(at(".rosterd", x.key, ".bak-name"), "{");
    await writeFile(at(".rosterd", y.key, ".bak-name"), '{"upload":{"name":"","mtime":0,"size":0},"bak":"../../x"}');
    assert.equal(await inbox.moveToBak(x, STARTED), `x.${T}.csv`);
    await unlink(at(".rosterd", y.key, "y.csv"));
    const { moved, waiting } = await inbox.scan(0);
    assert.deepEqual(moved, [x]);
    assert.deepEqual(waiting.map(({ code }) => code), ["stray"]);
  }));

Deno.test("an upload that was removed before its move to bak is reported as gone", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    const claimed = await uploads.claim("x.csv");
    await unlink(uploads.at(".rosterd", claimed.key, "x.csv"));
    assert.equal(await uploads.inbox.isGone(claimed.key), true);
    assert.equal(await uploads.inbox.moveToBak(claimed, STARTED), null);
    await uploads.inbox.forget(claimed);
    assert.deepEqual(await treeOf(uploads.root), { ".rosterd": {} });
  }));

Deno.test("an upload that has not moved cannot be forgotten", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    const claimed = await uploads.claim("x.csv");
    await assert.rejects(uploads.inbox.forget(claimed), { code: "ENOTEMPTY" });
    assert.deepEqual((await uploads.inbox.scan(0)).claimed, [claimed]);
  }));

Deno.test("nothing is moved through a link that replaced bak while rosterd runs", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    const claimed = await uploads.claim("x.csv");
    await Deno.symlink("/tmp", uploads.at("bak"));
    await assert.rejects(uploads.inbox.moveToBak(claimed, STARTED), {
      name: "UnusableFolder",
      code: "bak_not_a_folder",
    });
    await assert.rejects(uploads.inbox.keepFailed(claimed, STARTED, async () => {}), { code: "bak_not_a_folder" });
    assert.deepEqual(await uploads.restarted().scan(0).catch(({ code }) => code), "bak_not_a_folder");
  }));

Deno.test("a file that still grows in bak is reported once", () =>
  withUploads({ "x.csv": "a\n", "y.csv": "a\n" }, async (uploads) => {
    const { inbox, at } = uploads;
    using writer = Deno.openSync(at("x.csv"), { append: true });
    for (const name of ["x.csv", "y.csv"]) {
      const claimed = await uploads.claim(name);
      await (await inbox.open(claimed))!.close();
      await inbox.moveToBak(claimed, STARTED);
    }
    assert.deepEqual(await inbox.lateWrites(), []);
    writer.writeSync(text("bcd\n"));
    assert.deepEqual(await inbox.lateWrites(), [{ name: "x.csv", bakFile: `x.${T}.csv`, imported: 2, size: 6 }]);
    writer.writeSync(text("e\n"));
    assert.deepEqual(await inbox.lateWrites(), []);
    uploads.clock.pass(86_400);
    assert.deepEqual(await inbox.lateWrites(), []);
    await appendFile(at("bak", `y.${T}.csv`), "late\n");
    assert.deepEqual(await inbox.lateWrites(), []);
  }));

Deno.test("growth between the read and the move is also reported", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    const claimed = await uploads.claim("x.csv");
    await (await uploads.inbox.open(claimed))!.close();
    await appendFile(uploads.at(".rosterd", claimed.key, "x.csv"), "b\n");
    const bakFile = await uploads.inbox.moveToBak(claimed, STARTED);
    assert.deepEqual(await uploads.inbox.lateWrites(), [{ name: "x.csv", bakFile, imported: 2, size: 4 }]);
  }));

Deno.test("failed records are saved beside the upload with mode 0640, under the next free name", () =>
  withUploads({ "x.csv.gz": "a\n" }, async (uploads) => {
    const { inbox, at } = uploads;
    const claimed = await uploads.claim("x.csv.gz");
    const wanted = `x.${T}.failed.csv`;
    const write = async (sink: (bytes: Uint8Array) => Promise<void>) => {
      await sink(text("one\n"));
      assert.deepEqual(
        Object.keys(await bakOf(uploads) as object).filter((name) => !name.startsWith(".")).length,
        kept,
      );
      await sink(new Uint8Array(1_000_000).fill(0x61));
    };
    let kept = 0;
    assert.equal(await inbox.keepFailed(claimed, STARTED, write), wanted);
    assert.equal((await lstat(at("bak", wanted))).mode & 0o777, 0o640 & ~Deno.umask());
    assert.equal((await lstat(at("bak", wanted))).size, 1_000_004);
    kept = 1;
    // In the meantime, another program has taken the noted name.
    await writeFile(at("bak", wanted), "another\n");
    assert.equal(await inbox.keepFailed(claimed, STARTED, write), `x.${T}.failed-2.csv`);
    assert.deepEqual(Object.keys(await bakOf(uploads) as object), [`x.${T}.failed-2.csv`, wanted]);
  }));

Deno.test("failed records are not saved when their writer fails", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    const failing = uploads.inbox.keepFailed(await uploads.claim("x.csv"), STARTED, async (sink) => {
      await sink(text("half"));
      throw new Error("the database went away");
    });
    await assert.rejects(failing, /the database went away/);
    assert.deepEqual(await bakOf(uploads), {});
  }));

Deno.test("a name of 255 bytes fits into bak, even with a number added", () => {
  const name = "🎓".repeat(62) + "xyz.csv";
  return withUploads({ [name]: "a\n" }, async (uploads) => {
    await mkdir(uploads.at("bak"));
    const first = (await uploads.inbox.moveToBak(await uploads.claim(name), STARTED))!;
    await writeFile(uploads.at(name), "b\n");
    const second = (await uploads.inbox.moveToBak(await uploads.claim(name), STARTED))!;
    assert.deepEqual(await bakOf(uploads), { [first]: "a\n", [second]: "b\n" });
    assert.ok(second.endsWith(`.${T}-2.csv`));
  });
});

Deno.test("after a crash at any step, the failed records are saved once under the noted name", async (t) => {
  const noted = `x.${T}.failed.csv`;
  const note = JSON.stringify({ upload: { name: "x.csv", mtime: 0, size: 2 }, bak: null, failed: noted });
  const steps: Record<string, (target: string) => Promise<void>> = {
    "the note was written": () => Promise.resolve(),
    "the name was claimed by an empty file": (target) => writeFile(target, ""),
    "all but telling the history was done": (target) => writeFile(target, "failed\n"),
  };
  for (const [step, happened] of Object.entries(steps)) {
    await t.step(step, () =>
      withUploads({ "x.csv": "a\n", bak: {} }, async (uploads) => {
        const claimed = await uploads.claim("x.csv");
        await writeFile(uploads.at(".rosterd", claimed.key, ".bak-name"), note);
        await happened(uploads.at("bak", noted));
        const later = uploads.restarted();
        assert.equal(await later.keepFailed(claimed, new Date(0), (sink) => sink(text("failed\n"))), noted);
        assert.equal(await later.moveToBak(claimed, STARTED), `x.${T}.csv`);
        await later.forget(claimed);
        assert.deepEqual(await treeOf(uploads.root), {
          ".rosterd": {},
          bak: { [noted]: "failed\n", [`x.${T}.csv`]: "a\n" },
        });
      }));
  }
});
