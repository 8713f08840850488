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

Deno.test("bak or .rosterd that is no real folder: nothing is imported, and the message says what to do", async (t) => {
  const planted: [Tree, string, RegExp][] = [
    [{ bak: linkTo("/tmp") }, "bak_not_a_folder", /bak is a link: remove it/],
    [{ bak: linkTo("nowhere") }, "bak_not_a_folder", /bak is a link: remove it/],
    [{ bak: "a file" }, "bak_not_a_folder", /bak is not a folder: remove it/],
    [{ ".rosterd": linkTo("/tmp") }, "work_not_a_folder", /\.rosterd is a link: remove it/],
    [{ ".rosterd": "a file" }, "work_not_a_folder", /\.rosterd is not a folder: remove it/],
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

Deno.test("an upload folder that is missing or is a file is named, and used as soon as it is mended", () =>
  withUploads({ "file": "" }, async ({ at }) => {
    const missing = uploadsIn(at("upload"));
    assert.deepEqual((await refusal(missing)).code, "upload_missing");
    assert.match((await refusal(missing)).message, /upload does not exist: make it or mount it/);
    assert.deepEqual((await refusal(uploadsIn(at("file")))).code, "upload_not_a_folder");
    await mkdir(at("upload"));
    await writeFile(at("upload", "x.csv"), "a\n");
    assert.equal((await missing.inbox.scan(0)).ready.length, 1);
  }));

Deno.test("another, empty folder in the place of the one in use is not taken for an empty upload folder", () =>
  withUploads({ "upload": {} }, async ({ at }) => {
    const uploads = uploadsIn(at("upload"));
    await uploads.inbox.scan(0);
    await rename(at("upload"), at("away"));
    await mkdir(at("upload"));
    assert.equal((await refusal(uploads)).code, "upload_missing");
    assert.match((await refusal(uploads)).message, /its mount is probably gone\. Mount it again, or restart rosterd/);
    assert.deepEqual(await readdir(at("upload")), []);
    assert.deepEqual((await uploads.restarted().scan(0)).ready, []);
    await rm(at("upload"), { recursive: true });
    await rename(at("away"), at("upload"));
    assert.deepEqual((await uploads.inbox.scan(0)).ready, []);
  }));

Deno.test("a .rosterd that somebody removed is made again", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    await uploads.inbox.scan(0);
    await rmdir(uploads.at(".rosterd"));
    assert.equal((await uploads.taken("x.csv")).name, "x.csv");
  }));

Deno.test("an upload folder may itself be reached through a link", () =>
  withUploads({ "real": { "x.csv": "a\n" }, "upload": linkTo("real") }, async ({ at }) => {
    assert.equal((await uploadsIn(at("upload")).taken("x.csv")).name, "x.csv");
  }));
