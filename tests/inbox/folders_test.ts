import assert from "node:assert/strict";
import { mkdir, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { linkTo, type Tree, treeOf } from "./folder_tree.ts";
import { type Uploads, uploadsIn, withUploads } from "./upload_folder.ts";

async function refusal({ inbox }: Pick<Uploads, "inbox">): Promise<{ code: string; message: string }> {
  try {
    await inbox.scan(0);
  } catch (error) {
    assert.equal((error as Error).name, "UnusableFolder");
    return error as Error & { code: string };
  }
  throw new Error("the folder was accepted");
}

Deno.test("nothing is imported unless bak and .rosterd are real folders, and the message says what to do", async (t) => {
  const planted: [Tree, string, RegExp][] = [
    [{ bak: linkTo("/tmp") }, "bak_not_a_folder", /bak is a link: remove it/],
    [{ bak: linkTo("nowhere") }, "bak_not_a_folder", /bak is a link: remove it/],
    [{ bak: "a file" }, "bak_not_a_folder", /bak is not a folder: remove it/],
    [{ ".rosterd": linkTo("/tmp") }, "work_not_a_folder", /\.rosterd is a link: move it elsewhere/],
    [{ ".rosterd": "a file" }, "work_not_a_folder", /\.rosterd is not a folder: move it elsewhere/],
  ];
  for (const [tree, code, message] of planted) {
    await t.step(JSON.stringify(tree), () =>
      withUploads({ "x.csv": "a\n", ...tree }, async (uploads) => {
        const before = await treeOf(uploads.root);
        const error = await refusal(uploads);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.ok(error.message.includes(uploads.root));
        assert.deepEqual(await treeOf(uploads.root), before);
      }));
  }
});

Deno.test("a missing upload folder, or a file in its place, is reported until an admin fixes it", () =>
  withUploads({ "file": "" }, async ({ at }) => {
    const missing = uploadsIn(at("upload"));
    assert.deepEqual((await refusal(missing)).code, "upload_missing");
    assert.match(
      (await refusal(missing)).message,
      /upload does not exist: create or mount it, or choose another one with --upload\.$/,
    );
    assert.deepEqual((await refusal(uploadsIn(at("file")))).code, "upload_not_a_folder");
    await mkdir(at("upload"));
    await writeFile(at("upload", "x.csv"), "a\n");
    assert.equal((await missing.inbox.scan(0)).ready.length, 1);
  }));

Deno.test("an empty folder that replaced the upload folder is refused", () =>
  withUploads({ "upload": {} }, async ({ at }) => {
    const uploads = uploadsIn(at("upload"));
    await uploads.inbox.scan(0);
    await rename(at("upload"), at("away"));
    await mkdir(at("upload"));
    assert.equal((await refusal(uploads)).code, "upload_missing");
    assert.match(
      (await refusal(uploads)).message,
      /the old folder was probably unmounted; mount it again, or restart rosterd to use the new folder\.$/,
    );
    assert.deepEqual(await readdir(at("upload")), []);
    assert.deepEqual((await uploads.restarted().scan(0)).ready, []);
    await rm(at("upload"), { recursive: true });
    await rename(at("away"), at("upload"));
    assert.deepEqual((await uploads.inbox.scan(0)).ready, []);
  }));

Deno.test("a .rosterd that was removed is created again", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    await uploads.inbox.scan(0);
    await rmdir(uploads.at(".rosterd"));
    assert.equal((await uploads.claim("x.csv")).name, "x.csv");
  }));

Deno.test("the upload folder itself may be a link", () =>
  withUploads({ "real": { "x.csv": "a\n" }, "upload": linkTo("real") }, async ({ at }) => {
    assert.equal((await uploadsIn(at("upload")).claim("x.csv")).name, "x.csv");
  }));
