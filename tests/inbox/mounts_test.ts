import assert from "node:assert/strict";
import { chmod, lstat, readdir, truncate, writeFile } from "node:fs/promises";
import { plant, PLANTED_AT, run, treeOf } from "./folder_tree.ts";
import { canMount, withMemory, withMount } from "./mounts.ts";
import { STARTED, T, uploadsIn, withUploads } from "./upload_folder.ts";

const ignore = !canMount();
const mountTest = (name: string, fn: () => Promise<void>) => Deno.test({ name: `${name} (mounts)`, ignore, fn });

mountTest(
  "a file is copied with mode and time to a bak on another file system, and overwrites nothing",
  () =>
    withUploads({ "x.csv": "a\n", bak: {} }, (uploads) =>
      withMemory(uploads.at("bak"), async () => {
        const { inbox, at, root } = uploads;
        await plant(at("bak"), { [`x.${T}.csv`]: "old\n" });
        await chmod(at("x.csv"), 0o604);
        const claimed = await uploads.claim("x.csv");
        assert.equal(await inbox.moveToBak(claimed, STARTED), `x.${T}-2.csv`);
        await inbox.forget(claimed);
        const moved = await lstat(at("bak", `x.${T}-2.csv`));
        assert.deepEqual([moved.mode & 0o777, moved.mtime], [0o604, PLANTED_AT]);
        const bak = { [`x.${T}.csv`]: "old\n", [`x.${T}-2.csv`]: "a\n" };
        assert.deepEqual(await treeOf(root), { ".rosterd": {}, bak });
      })),
);

mountTest(
  "a full or read-only bak keeps the upload in .rosterd until an admin fixes it",
  () =>
    withUploads({ "x.csv": "a\n".repeat(50_000), bak: {} }, (uploads) =>
      withMemory(uploads.at("bak"), async () => {
        const { inbox, at } = uploads;
        const claimed = await uploads.claim("x.csv");
        await assert.rejects(inbox.moveToBak(claimed, STARTED), { code: "ENOSPC" });
        const write = (sink: (bytes: Uint8Array) => Promise<void>) => sink(new Uint8Array(100_000));
        await assert.rejects(inbox.keepFailed(claimed, STARTED, write), { code: "ENOSPC" });
        assert.equal((await lstat(at(".rosterd", claimed.key, "x.csv"))).size, 100_000);
        assert.deepEqual((await readdir(at("bak"))).filter((name) => name !== `x.${T}.csv`), []);

        await run("mount", "-o", "remount,size=1m,ro", at("bak"));
        await assert.rejects(inbox.moveToBak(claimed, STARTED), { code: "EROFS" });
        await assert.rejects(inbox.scan(0), { name: "UnusableFolder", code: "bak_not_writable", message: /read-only/ });

        await run("mount", "-o", "remount,rw", at("bak"));
        assert.equal(await inbox.moveToBak(claimed, STARTED), `x.${T}.csv`);
        assert.equal((await lstat(at("bak", `x.${T}.csv`))).size, 100_000);
        await assert.rejects(lstat(at(".rosterd", claimed.key, "x.csv")), { code: "ENOENT" });
      }, 65_536)),
);

mountTest(
  "an unmounted upload folder is missing, not empty, and is used again once it is mounted",
  () =>
    withUploads({ upload: {}, disk: {} }, ({ at }) =>
      withMemory(at("disk"), async () => {
        await plant(at("disk"), { "x.csv": "a\n" });
        const { inbox } = uploadsIn(at("upload"));
        const bind = (test: () => Promise<void>) => withMount(["--bind", at("disk")], at("upload"), test);
        await bind(async () => assert.equal((await inbox.scan(0)).ready.length, 1));
        await assert.rejects(inbox.scan(0), { name: "UnusableFolder", code: "upload_missing" });
        await bind(async () => assert.equal((await inbox.scan(0)).ready.length, 1));
      })),
);

mountTest(
  "nothing is imported from a read-only upload folder, or with .rosterd on another file system",
  () =>
    withUploads({ upload: {} }, async ({ at }) => {
      await withMemory(at("upload"), async () => {
        await plant(at("upload"), { "x.csv": "a\n", ".rosterd": {} });
        const { inbox } = uploadsIn(at("upload"));
        await withMemory(at("upload", ".rosterd"), async () => {
          await assert.rejects(inbox.scan(0), { code: "upload_not_writable", message: /\.rosterd is on another file/ });
        });
        await run("mount", "-o", "remount,ro", at("upload"));
        await assert.rejects(inbox.scan(0), {
          code: "upload_not_writable",
          message: /read-only; remount it read-write/,
        });
        assert.deepEqual(await treeOf(at("upload")), { "x.csv": "a\n", ".rosterd": {} });
      });
    }),
);

mountTest(
  "a hanging mount is reported within the limit, not accessed again while it hangs, and used after it is back",
  () =>
    withUploads({ upload: {} }, async ({ at }) => {
      await writeFile(at("disk"), "");
      await truncate(at("disk"), 16 * 1_048_576);
      await run("mkfs.ext4", "-q", at("disk"));
      await withMount(["-o", "loop", at("disk")], at("upload"), async () => {
        await plant(at("upload"), { "x.csv": "a\n" });
        const { inbox } = uploadsIn(at("upload"), { maxScanMs: 300 });
        await inbox.scan(0);
        const hanging = { name: "UnusableFolder", code: "upload_hanging", message: /has not responded for 0\.3 s/ };
        await run("fsfreeze", "--freeze", at("upload"));
        try {
          await assert.rejects(inbox.scan(0), hanging);
          const before = performance.now();
          await assert.rejects(inbox.scan(0), hanging);
          assert.ok(performance.now() - before < 100);
        } finally {
          await run("fsfreeze", "--unfreeze", at("upload"));
        }
        await answered(() => inbox.scan(0), "upload_hanging");
        assert.equal((await inbox.scan(0)).ready.length, 1);
      });
    }),
);

/** Repeats a call for as long as it fails with this code. */
async function answered(ask: () => Promise<unknown>, refusal: string): Promise<void> {
  while ((await ask().then(() => "", ({ code }) => code)) === refusal) await new Promise((next) => setTimeout(next, 5));
}

mountTest("a device named like a roster is never opened", () =>
  withUploads({}, async ({ inbox, at }) => {
    await run("mknod", at("tape.csv"), "c", "1", "3");
    const { waiting } = await inbox.scan(0);
    assert.match(waiting[0].text, /it is a device/);
  }));

mountTest(
  "the next process removes what a killed copy left in bak",
  () =>
    withUploads({ "x.csv": "a\n", bak: {} }, (uploads) =>
      withMemory(uploads.at("bak"), async () => {
        const { key } = await uploads.claim("x.csv");
        const note = { upload: { name: "x.csv", mtime: 0, size: 2 }, bak: `x.${T}.csv` };
        await writeFile(uploads.at(".rosterd", key, ".bak-name"), JSON.stringify(note));
        await plant(uploads.at("bak"), { [`x.${T}.csv`]: "", ".rosterd-89abcdef.tmp": "half" });
        const later = uploads.restarted();
        const [claimed] = (await later.scan(0)).claimed;
        await later.tidy();
        assert.equal(await later.moveToBak(claimed, STARTED), `x.${T}.csv`);
        assert.deepEqual((await treeOf(uploads.root)).bak, { [`x.${T}.csv`]: "a\n" });
      })),
);
