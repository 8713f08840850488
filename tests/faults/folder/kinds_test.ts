/** Tests invalid folders and entries that are not plain files. Runs a whole service and checks it from outside. */
import assert from "node:assert/strict";
import { chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { linkTo, PIPE, plant, run, type Tree, treeOf } from "../../inbox/folder_tree.ts";
import { canMount, withMemory } from "../../inbox/mounts.ts";
import { IS_ROOT } from "../../inbox/other_process.ts";
import { until } from "../../support/until.ts";
import { Canary, SECRET, secretIsIn } from "./canary.ts";
import { allDone, codesOf, folderTest } from "./case.ts";
import type { FolderService } from "./service.ts";
import { survived } from "../verdict.ts";

if (!canMount()) console.error(`LEFT OUT: the tests of ${import.meta.url} that mount: this user may not`);

const ROSTER = "unique_id,login_source\nX1,ldap\n";

folderTest(
  "links, pipes, sockets, folders and devices named like rosters are reported but never opened, and imports continue",
  async (service) => {
    const canary = await Canary.plant(service.here.path("canary"));
    await plant(service.upload, {
      "secret.csv": linkTo(`${canary.root}/secret.csv`),
      "dangling.csv": linkTo("nowhere"),
      "upwards.csv": linkTo("../canary/secret.csv"),
      "tree.csv": linkTo(`${canary.root}/tree`),
      "pipe.csv": PIPE,
      "folder.csv": { "inner.csv": ROSTER },
    });
    using _socket = Deno.listen({ transport: "unix", path: service.at("socket.csv") });
    const expected = ["secret", "dangling", "upwards", "tree", "pipe", "folder", "socket"];
    if (canMount()) {
      await run("mknod", service.at("tape.csv"), "c", "1", "5");
      expected.push("tape");
    }
    await service.dropGood("G1", { fails: true });
    await allDone(service);
    const { ready, waiting } = await service.status();
    assert.equal(ready, true, "an entry that an uploader creates does not make the service unready");
    assert.deepEqual(codesOf(waiting), {
      ...Object.fromEntries(expected.map((name) => [`${name}.csv`, "not_a_plain_file"])),
      "folder.csv/inner.csv": "no_feed",
    });
    await service.outside.eachAsTold();
    assert.deepEqual(secretIsIn({ log: service.log, mails: JSON.stringify(service.smtp.mails) }), []);
    survived({
      fault: "links, pipes, sockets, folders and devices named like rosters",
      injected: expected.length,
      checks: await canary.untouched() + service.outside.checks + expected.length,
    });
  },
);

folderTest(
  "no file is imported if bak or .rosterd is a link, a file or a foreign folder, and status and /readyz say why",
  async (service) => {
    const canary = await Canary.plant(service.here.path("canary"));
    let checks = 0;
    const faults: [string, Tree, string, RegExp][] = [
      [
        "bak",
        { bak: linkTo(`${canary.root}/tree`) },
        "bak_not_a_folder",
        /bak is a link: remove it, and rosterd will create a new folder\.$/,
      ],
      [
        "bak",
        { bak: linkTo("nowhere") },
        "bak_not_a_folder",
        /bak is a link: remove it, and rosterd will create a new folder\.$/,
      ],
      [
        "bak",
        { bak: "a file" },
        "bak_not_a_folder",
        /bak is not a folder: remove it, and rosterd will create a new folder\.$/,
      ],
      [
        ".rosterd",
        { ".rosterd": linkTo(`${canary.root}/other/.rosterd`) },
        "work_not_a_folder",
        /\.rosterd is a link: move it elsewhere, and rosterd will create a new folder\.$/,
      ],
      [
        ".rosterd",
        { ".rosterd": PIPE },
        "work_not_a_folder",
        /\.rosterd is not a folder: move it elsewhere, and rosterd will create a new folder\.$/,
      ],
    ];
    if (IS_ROOT) {
      for (const [name, code] of [["bak", "bak_not_a_folder"], [".rosterd", "work_not_a_folder"]]) {
        faults.push([
          name,
          { [name]: {} },
          code,
          /belongs to another user \(uid 65534\), not to rosterd's user \(uid 0\): do not delete the folder, because it contains rosters; change its owner: chown -R 0 /,
        ]);
      }
    }
    for (const [number, [name, tree, code, text]] of faults.entries()) {
      // Moves rosterd's folder aside if it exists.
      const own = await rename(service.at(name), service.here.path("own")).then(() => true, () => false);
      await plantInPlaceOf(service, name, tree);
      // All users can write to the folder, so the only possible problem is its owner.
      if (text.source.startsWith("belongs")) {
        await run("bash", "-c", `chown 65534:65534 "$0" && chmod 777 "$0"`, service.at(name));
      }
      await service.dropGood(`P${number}`);
      assert.deepEqual(await service.turn(), []);
      const { ready, problems, folder } = await service.status();
      assert.deepEqual([ready, problems[0].code, folder.usable], [false, code, false]);
      assert.match(folder.text!, text);
      const { http, body } = await service.readiness();
      assert.equal(http, 503);
      assert.ok(body.includes(code) && !body.includes(service.upload), "the response says why, but contains no path");
      checks += 6 + await canary.untouched();

      assert.doesNotMatch(service.log, /turn_failed/);
      await rm(service.at(name), { recursive: true });
      if (own) await rename(service.here.path("own"), service.at(name));
      await allDone(service);
      assert.equal((await service.readiness()).http, 200, "ready again without a restart");
    }
    await service.outside.inTheEnd();
    survived({ fault: "bak or .rosterd replaced", injected: faults.length, checks: checks + service.outside.checks });
  },
);

folderTest(
  "a link and a foreign folder in .rosterd are never followed or opened",
  async (service) => {
    const canary = await Canary.plant(service.here.path("canary"));
    await until("the work folder is there", () => Deno.stat(service.at(".rosterd")).then(() => true, () => false));
    await symlink(`${canary.root}/tree`, service.at(".rosterd", "20261123T000000Z-00000000"));
    await plant(service.at(".rosterd"), { "tree": { "x.csv": ROSTER } });
    await service.dropGood("K1");
    await allDone(service);
    assert.deepEqual((await service.imports()).map(({ file }) => file), ["good-K1.csv"]);
    assert.deepEqual(codesOf((await service.status()).waiting), { ".rosterd/tree": "stray" });
    assert.deepEqual((await treeOf(service.at(".rosterd"))).tree, { "x.csv": ROSTER });
    survived({ fault: "keys are planted in .rosterd", injected: 2, checks: 3 + await canary.untouched() });
  },
);

/** Replaces a folder in one step. Removes a work folder that rosterd may be creating at the same moment. */
async function plantInPlaceOf(service: FolderService, name: string, tree: Tree): Promise<void> {
  await mkdir(service.here.path("planted"), { recursive: true });
  await plant(service.here.path("planted"), tree);
  await until(`${name} is planted`, async () => {
    await rm(service.at(name), { recursive: true, force: true });
    return await rename(`${service.here.path("planted")}/${name}`, service.at(name)).then(() => true, () => false);
  });
}

folderTest(
  "files are copied completely to a bak on another file system, and no other files remain",
  async (service) => {
    await mkdir(service.at("bak"));
    await withMemory(service.at("bak"), async () => {
      await chmod(service.at("bak"), 0o777);
      for (let file = 0; file < 5; file++) await service.dropGood(`M${file}`, { fails: file % 2 === 0 });
      await allDone(service);
      await service.outside.inTheEnd();
      await service.stop();
      await service.restart();
      assert.deepEqual(await service.turn(), []);
      await service.outside.inTheEnd();
      // The unmount is retried, because the service's scans briefly open `bak`.
      await service.stop();
    });
    survived({ fault: "bak is on another file system", injected: 5, checks: service.outside.checks });
  },
  { ignore: !canMount() },
);

folderTest(
  "a file that rosterd may not read is reported with owner and mode, and imported after the mode is fixed",
  async (service) => {
    const hidden = "unique_id,login_source\nR1,ldap\n";
    await service.dropGood("R0");
    await writeFile(service.at("hidden.part"), hidden);
    await chmod(service.at("hidden.part"), 0o200);
    await rename(service.at("hidden.part"), service.at("hidden.csv"));
    await allDone(service);
    const [{ code, text }] = (await service.status()).waiting;
    assert.equal(code, "unreadable");
    assert.match(
      text,
      /^waiting: rosterd cannot read it \(owner uid \d+, mode 0200\); configure the upload server so that rosterd's group can read its files$/,
    );
    for (let turns = 0; turns < 5; turns++) await service.turn();
    assert.equal(service.log.split("unreadable").length - 1, 1, "the log says it once");
    await chmod(service.at("hidden.csv"), 0o640);
    await until("it is imported", async () => {
      await service.turn();
      return (await service.imports()).some(({ file, status }) => file === "hidden.csv" && status === "done");
    });
    survived({ fault: "a file that rosterd may not read", injected: 1, checks: 4 });
  },
);

folderTest(
  "failed records are never read through a link, whether in bak or in place of bak",
  async (service) => {
    await service.dropGood("F1", { fails: true });
    await allDone(service);
    const [{ id, failed_file }] = await service.imports();
    const download = async () => {
      const response = await service.fetch(`/imports/${id}/failed.csv`);
      return { http: response.status, text: await response.text() };
    };
    assert.equal((await download()).http, 200);
    await mkdir(service.here.path("canary"));
    await writeFile(service.here.path(`canary/${failed_file}`), SECRET);
    const canary = await Canary.plant(service.here.path("canary"));

    await rename(service.at("bak"), service.here.path("own"));
    await symlink(canary.root, service.at("bak"));
    const throughBak = await download();
    await rm(service.at("bak"));
    await rename(service.here.path("own"), service.at("bak"));

    await rename(service.at("bak", failed_file!), service.here.path("own"));
    await symlink(`${canary.root}/${failed_file}`, service.at("bak", failed_file!));
    const throughFile = await download();
    for (const { http, text } of [throughBak, throughFile]) {
      assert.equal(http, 410);
      assert.deepEqual(secretIsIn({ text }), []);
    }
    survived({
      fault: "failed records are requested through links",
      injected: 2,
      checks: 5 + await canary.untouched(),
    });
  },
);
