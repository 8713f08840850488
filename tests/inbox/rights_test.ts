import assert from "node:assert/strict";
import { chmod, chown } from "node:fs/promises";
import type { FolderScan } from "../../src/importer/inbox_port.ts";
import { run, treeOf } from "./folder_tree.ts";
import { IS_ROOT, outputOf } from "./other_process.ts";
import { T, type Uploads, withUploads } from "./upload_folder.ts";

/** Runs a turn without privileges. Returns the scan, or the reason why no file was imported. */
const turnOver = ({ root }: Uploads) =>
  outputOf("./turn.ts", root, `${root}/.database`) as Promise<FolderScan & { code: string; message: string }>;

const NOBODY = 65_534;

Deno.test("a file that rosterd may not read waits with its owner and mode, and the others are imported", () =>
  withUploads({ "x.csv": "a\n", "y.csv": "a\n" }, async (uploads) => {
    await chmod(uploads.at("x.csv"), 0o200);
    const { ready, waiting } = await turnOver(uploads);
    assert.deepEqual(ready.map(({ name }) => name), ["y.csv"]);
    assert.equal(waiting[0].code, "unreadable");
    assert.match(waiting[0].text, new RegExp(`rosterd cannot read it \\(owner uid ${Deno.uid()}, mode 0200\\)`));
  }));

Deno.test("nothing is imported from a folder that rosterd may not write to", () =>
  withUploads({ "x.csv": "a\n", ".rosterd": {}, "bak": {} }, async (uploads) => {
    for (
      const [folder, code] of [
        [uploads.root, "upload_not_writable"],
        [uploads.at(".rosterd"), "upload_not_writable"],
        [uploads.at("bak"), "bak_not_writable"],
      ]
    ) {
      await chmod(folder, 0o550);
      const answer = await turnOver(uploads);
      await chmod(folder, 0o750);
      assert.equal(answer.code, code);
      assert.match(answer.message, /\(EACCES\): give rosterd's user the right to write there\.$/);
    }
    assert.deepEqual(await treeOf(uploads.root), { "x.csv": "a\n", ".rosterd": {}, bak: {} });
  }));

Deno.test("an upload folder that rosterd may not list is reported", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    await chmod(uploads.root, 0o300);
    const answer = await turnOver(uploads);
    await chmod(uploads.root, 0o700);
    assert.equal(answer.code, "upload_unreadable");
  }));

Deno.test({
  name: "a file of another user is moved by rename if the kernel refuses the hard link (needs root)",
  ignore: !IS_ROOT,
  fn: () =>
    withUploads({ "x.csv": "a\n", bak: { [`x.${T}.csv`]: "old\n" } }, async (uploads) => {
      assert.equal((await Deno.readTextFile("/proc/sys/fs/protected_hardlinks")).trim(), "1");
      await chown(uploads.at("x.csv"), NOBODY, NOBODY);
      await turnOver(uploads);
      const { bak } = await treeOf(uploads.root);
      assert.deepEqual(bak, { [`x.${T}.csv`]: "old\n", [`x.${T}-2.csv`]: "a\n" });
      assert.equal(Deno.statSync(uploads.at("bak", `x.${T}-2.csv`)).uid, NOBODY);
    }),
});

Deno.test({
  name: "a file that rosterd may not move waits for a minute, and does not stop others (needs root)",
  ignore: !IS_ROOT,
  fn: () =>
    withUploads({ "x.csv": "a\n", "y.csv": "a\n" }, async (uploads) => {
      const { inbox, clock, at } = uploads;
      const { ready } = await inbox.scan(0);
      await run("chattr", "+i", at("x.csv"));
      try {
        assert.equal(await inbox.claim(ready[0]), null);
        assert.equal((await inbox.claim(ready[1]))?.name, "y.csv");
        const scan = await inbox.scan(0);
        assert.deepEqual([scan.ready, scan.waiting[0].code], [[], "not_movable"]);
        clock.pass(60);
        assert.equal((await inbox.scan(0)).ready.length, 1);
      } finally {
        await run("chattr", "-i", at("x.csv"));
      }
      assert.equal((await inbox.claim((await inbox.scan(0)).ready[0]))?.name, "x.csv");
    }),
});
