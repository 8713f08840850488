/**
 * Folders that fail while the service runs: `bak` is full or read-only, or the upload folder is unmounted or not
 * writable. No file is lost or applied twice, and the status describes the problem.
 */
import assert from "node:assert/strict";
import { chmod, mkdir, readdir } from "node:fs/promises";
import { run } from "../../inbox/folder_tree.ts";
import { canMount, withMemory } from "../../inbox/mounts.ts";
import { withBothErrors } from "../../support/both_errors.ts";
import { serverUnavailable } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";
import { FolderService } from "./service.ts";
import { survived } from "../verdict.ts";

const unavailable = await serverUnavailable() ?? (canMount() ? null : "this user may not mount");
if (unavailable !== null) console.error(`LEFT OUT: tests of ${import.meta.url}: ${unavailable}`);

/** The key of the import lock. */
const IMPORT_LOCK = 7_246_002;

/** Drops a roster with one user, padded to the given length with blank lines. */
async function dropLong(service: FolderService, id: string, bytes: number): Promise<string> {
  const name = `long-${id}.csv`;
  const content = `unique_id,login_source\n${id},ldap\n,ldap\n${"\n".repeat(bytes)}`;
  service.outside.expect({ name, content, status: "failed_records", creates: [id], failed: 1 });
  await service.drop(name, content);
  return name;
}

/** The status codes of waiting files, by name. */
async function waiting(service: FolderService): Promise<Record<string, string>> {
  return Object.fromEntries((await service.status()).waiting.map(({ name, code }) => [name, code]));
}

async function turnUntil(service: FolderService, what: string, look: () => Promise<boolean>): Promise<void> {
  await until(what, async () => {
    await service.turn();
    return await look();
  });
}

const moved = (service: FolderService, files: number) =>
  turnUntil(
    service,
    `${files} uploads are in bak`,
    async () => (await readdir(service.at("bak"))).filter((name) => /Z(-\d+)?\.csv$/.test(name)).length === files,
  );

Deno.test({
  name: "while bak is full or read-only, an import is applied once, its file waits, and other imports continue",
  ignore: unavailable !== null,
  fn: () =>
    withBothErrors(async () => {
      await using service = await FolderService.start();
      await mkdir(service.at("bak"));
      const { outside } = service;
      let checks = 0;
      await withMemory(service.at("bak"), async () => {
        const long = await dropLong(service, "LONG", 200_000);
        await turnUntil(service, "the status names it", async () => (await waiting(service))[long] === "ENOSPC");
        const [{ id, status, bak_file }] = await service.imports();
        assert.deepEqual([status, bak_file], ["failed_records", null], "the import is applied, but not yet in bak");
        await outside.atAnyInstant();
        await service.dropGood("SMALL", { fails: true });
        // The name that the long file gets in `bak` already exists, as an empty file.
        await moved(service, 2);
        assert.equal((await service.imports())[0].bak_file?.startsWith("good-SMALL."), true, "other imports continue");
        assert.equal((await service.status()).ready, true);

        await run("mount", "-o", "remount,ro", service.at("bak"));
        await service.dropGood("LATER");
        await turnUntil(service, "it is not ready", async () => !(await service.status()).ready);
        assert.match(
          (await service.status()).folder.text!,
          /bak \(EROFS\): its file system is read-only; remount it read-write/,
        );
        assert.match((await service.readiness()).body, /bak_not_writable/);
        assert.ok(
          (await readdir(service.upload)).includes("good-LATER.csv"),
          "no import starts if its file could not be moved to bak",
        );
        await outside.atAnyInstant();

        await service.stop();
        await service.restart();
        await run("mount", "-o", "remount,rw,size=4m", service.at("bak"));
        await moved(service, 3);
        assert.equal((await service.readiness()).http, 200);
        assert.equal(
          (await service.imports()).find(({ file }) => file === long)?.id,
          id,
          "the same import, applied once",
        );
        assert.deepEqual(await waiting(service), {});
        await outside.inTheEnd();
        checks = outside.checks + 9;
        await service.stop();
      }, 65_536);
      survived({ fault: "bak is full, then read-only", injected: 2, checks });
    }),
});

/** Unmounts lazily, while files are open. */
const unmount = (folder: string) => run("umount", "--lazy", folder);

Deno.test({
  name: "if the upload folder is unmounted, even during an import, the service is not ready, and no file is lost",
  ignore: unavailable !== null,
  fn: () =>
    withBothErrors(async () => {
      await using service = await FolderService.start({
        beforeStart: async (upload) => {
          await mkdir(`${upload}-disk`);
          await run("mount", "--bind", `${upload}-disk`, upload);
        },
      });
      const { upload, outside, database } = service;
      const mount = () => run("mount", "--bind", `${upload}-disk`, upload);
      try {
        await service.dropGood("G1", { fails: true });
        await moved(service, 1);

        await unmount(upload);
        await turnUntil(service, "it is not ready", async () => !(await service.status()).ready);
        const { problems, folder } = await service.status();
        assert.equal(problems[0].code, "upload_missing");
        assert.match(
          folder.text!,
          /the old folder was probably unmounted; mount it again, or restart rosterd to use the new folder\.$/,
        );
        assert.equal((await service.readiness()).http, 503);
        assert.deepEqual(await readdir(upload), [], "nothing is created in the empty mount point");
        await mount();
        await service.dropGood("G2");
        await moved(service, 2);
        assert.equal((await service.readiness()).http, 200, "ready again without a restart");

        const lock = await database.sql.reserve();
        await lock`select pg_advisory_lock(${IMPORT_LOCK})`;
        await service.dropGood("G3", { fails: true });
        await service.askForTurn();
        await until(
          "the import is under way",
          async () => (await service.imports()).some(({ file }) => file === "good-G3.csv"),
        );
        await unmount(upload);
        await lock`select pg_advisory_unlock(${IMPORT_LOCK})`;
        lock.release();
        await turnUntil(service, "it is not ready", async () => !(await service.status()).ready);
        await mount();
        await moved(service, 3);
        await outside.inTheEnd();
        const entry = (await service.imports()).find(({ file }) => file === "good-G3.csv")!;
        assert.deepEqual(entry.warnings, [], "the file was not reported as removed");
        await service.stop();
      } finally {
        await run("umount", "--lazy", upload);
      }
      survived({ fault: "the upload folder is unmounted", injected: 2, checks: outside.checks + 7 });
    }),
});

Deno.test({
  name: "nothing is imported from a read-only upload folder until it is writable again",
  ignore: unavailable !== null,
  fn: () =>
    withBothErrors(async () => {
      await using service = await FolderService.start();
      const { upload, outside } = service;
      await service.dropGood("W1");
      await moved(service, 1);
      for (const folder of [upload, service.at(".rosterd")]) {
        const name = `W-${folder.length}`;
        await service.dropGood(name);
        // If the service was faster, this file has already been imported and only the next one is waiting.
        await chmod(folder, 0o555);
        await turnUntil(service, "it is not ready", async () => !(await service.status()).ready);
        assert.equal((await service.status()).problems[0].code, "upload_not_writable");
        assert.match(
          (await service.status()).folder.text!,
          /\(EACCES\): give rosterd's user the right to write there/,
        );
        assert.equal((await service.readiness()).http, 503);
        await outside.atAnyInstant();
        await chmod(folder, 0o755);
        await turnUntil(service, "it is ready", async () => (await service.status()).ready);
      }
      await moved(service, 3);
      await outside.inTheEnd();
      await service.stop();
      survived({ fault: "the upload folder is not writable", injected: 2, checks: outside.checks + 6 });
    }),
});
