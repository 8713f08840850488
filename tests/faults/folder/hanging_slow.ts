/**
 * Tests a hanging mount. Freezes a file system that the service uses, so that every change waits until the file system
 * is thawed. A scan is limited to one minute, so this test is slow.
 */
import assert from "node:assert/strict";
import { truncate, writeFile } from "node:fs/promises";
import { run } from "../../inbox/folder_tree.ts";
import { canMount } from "../../inbox/mounts.ts";
import { until } from "../../support/until.ts";
import { FolderService } from "./service.ts";
import { survived } from "../verdict.ts";

if (!canMount()) console.error(`LEFT OUT: ${import.meta.url}: this user may not mount`);

Deno.test({
  name: "a hanging mount is reported within the time limit, HTTP still responds, and imports continue afterwards",
  ignore: !canMount(),
  async fn() {
    let upload = "";
    await using service = await FolderService.start({
      beforeStart: async (folder) => {
        upload = folder;
        await writeFile(`${folder}-disk`, "");
        await truncate(`${folder}-disk`, 16 * 1_048_576);
        await run("mkfs.ext4", "-q", `${folder}-disk`);
        await run("mount", "-o", "loop", `${folder}-disk`, folder);
        await run("rmdir", `${folder}/lost+found`);
      },
    });
    try {
      const inBak = (id: string) =>
        until(`${id} is in bak`, async () => {
          await service.turn();
          return (await service.bak()).some((name) => name.startsWith(`good-${id}.`));
        });
      await service.dropGood("H1", { fails: true });
      await inBak("H1");
      await service.dropGood("H2");
      const frozenAt = performance.now();
      await run("fsfreeze", "--freeze", upload);
      try {
        await until("it is not ready", async () => {
          const asked = performance.now();
          const { ready } = await service.status();
          assert.ok(performance.now() - asked < 2_000, "HTTP responds while the folder does not");
          return !ready;
        }, 90_000);
        const { problems, folder } = await service.status();
        assert.equal(problems[0].code, "upload_hanging");
        assert.match(
          folder.text!,
          /has not responded for 60 s: its mount is not responding; check the file server and the network/,
        );
        assert.equal((await service.readiness()).http, 503);
        console.log(`named after ${Math.round((performance.now() - frozenAt) / 1_000)} s`);
      } finally {
        await run("fsfreeze", "--unfreeze", upload);
      }
      await until("it is ready again", async () => (await service.status()).ready, 30_000);
      await inBak("H2");
      await service.outside.inTheEnd();
      await service.stop();
    } finally {
      await run("umount", "--lazy", upload);
    }
    survived({ fault: "the mount of the upload folder hangs", injected: 1, checks: service.outside.checks + 5 });
  },
});
