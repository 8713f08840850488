/** In `bak`, only plain files with plain names are read or removed, and links are never followed. */
import assert from "node:assert/strict";
import { BakFolder, NoBakFolder } from "../../src/inbox/bak/bak_folder.ts";
import { isNoPlainFile } from "../../src/inbox/files/open.ts";
import { storedFile } from "../../src/service/mailer.ts";
import { packAttachment } from "../../src/smtp/attachment.ts";
import { textOf } from "./upload_folder.ts";

async function withBak(test: (bak: BakFolder, path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "rosterd-bak-" });
  try {
    const path = `${folder}/bak`;
    await Deno.mkdir(path);
    await Deno.writeTextFile(`${path}/real.csv`, "a,b\r\n1,2\r\n");
    await Deno.writeTextFile(`${folder}/outside.csv`, "of others");
    await test(new BakFolder(path), path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a file in bak can be read, measured, attached and removed", async () => {
  await withBak(async (bak, path) => {
    const file = await bak.open("real.csv");
    assert.equal(await textOf(file.read()), "a,b\r\n1,2\r\n");
    await file.close();
    assert.equal((await bak.stats("real.csv"))?.size, 10);
    const packed = await packAttachment(storedFile(bak, "real.csv"));
    assert.equal(new TextDecoder().decode(packed!.content), "a,b\r\n1,2\r\n");
    await bak.remove("real.csv");
    await bak.remove("real.csv");
    assert.deepEqual([...Deno.readDirSync(path)], []);
  });
});

Deno.test("links, pipes, folders and missing files in bak are neither read nor attached", async () => {
  await withBak(async (bak, path) => {
    await Deno.symlink(`${path}/real.csv`, `${path}/link.csv`);
    await Deno.mkdir(`${path}/folder.csv`);
    await new Deno.Command("mkfifo", { args: [`${path}/pipe.csv`] }).output();
    for (const name of ["link.csv", "pipe.csv", "folder.csv", "absent.csv"]) {
      await assert.rejects(bak.open(name), isNoPlainFile, name);
      await assert.rejects(packAttachment(storedFile(bak, name)), isNoPlainFile, name);
      assert.equal(await bak.stats(name), null, name);
    }
  });
});

Deno.test("a name that leads out of bak, or that belongs to an unfinished file, is refused", async () => {
  await withBak(async (bak, path) => {
    for (const name of ["../outside.csv", "..", ".", "", ".rosterd-0011aabb.tmp", "real.csv/../../outside.csv"]) {
      for (const call of [() => bak.open(name), () => bak.stats(name), () => bak.remove(name)]) {
        await assert.rejects(call, RangeError, name);
      }
    }
    assert.equal(await Deno.readTextFile(`${path}/../outside.csv`), "of others");
  });
});

Deno.test("nothing is read or removed when bak is a link", async () => {
  await withBak(async (bak, path) => {
    await Deno.rename(path, `${path}-elsewhere`);
    await Deno.symlink(`${path}-elsewhere`, path);
    assert.equal(await bak.isPlain(), false);
    for (const call of [() => bak.open("real.csv"), () => bak.stats("real.csv"), () => bak.remove("real.csv")]) {
      await assert.rejects(call, NoBakFolder);
    }
    assert.equal(await Deno.readTextFile(`${path}-elsewhere/real.csv`), "a,b\r\n1,2\r\n");
  });
});
