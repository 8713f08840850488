/**
 * Root queries a service that runs as another user: that user's rights are derived, and no file is created.
 */
import assert from "node:assert/strict";
import { chmod, chown, mkdir } from "node:fs/promises";
import type { Finding } from "../../src/domain/finding.ts";
import { treeOf } from "../inbox/folder_tree.ts";
import { IS_ROOT } from "../inbox/other_process.ts";
import { Workplace } from "../support/rosterd.ts";

if (!IS_ROOT) console.error(`LEFT OUT: the tests of ${import.meta.url}: they need root`);

const SERVICE = 65_534;

/** A stopped service whose folders belong to another user. */
async function workplace(): Promise<Workplace> {
  const here = await Workplace.make();
  await chmod(here.folder, 0o755);
  for (const name of ["data", "upload", "upload/bak", "upload/.rosterd"]) {
    await mkdir(here.path(name));
    await chown(here.path(name), SERVICE, SERVICE);
  }
  return here;
}

async function verdicts(here: Workplace): Promise<Record<string, [string, string]>> {
  const { findings }: { findings: Finding[] } = JSON.parse((await here.run("doctor", "--json")).out);
  return Object.fromEntries(findings.map(({ check, verdict, text }) => [check, [verdict, text]]));
}

Deno.test({
  name: "doctor run by root checks the rights of the service's user, and names that user",
  ignore: !IS_ROOT,
  async fn() {
    await using here = await workplace();
    const before = await treeOf(here.folder);
    const well = await verdicts(here);
    assert.match(
      well.user[1],
      /^doctor is not running as nobody \(uid 65534\): access to folders is derived from owners and modes$/,
    );
    for (const check of ["upload_folder", "work_folder", "bak_folder", "data_folder"]) {
      assert.equal(well[check][0], "good", well[check][1]);
    }
    assert.deepEqual(await treeOf(here.folder), before);

    await chown(here.path("upload"), 0, 0);
    await chown(here.path("upload/bak"), 12_345, 0);
    await chmod(here.path("data"), 0o500);
    const ill = await verdicts(here);
    assert.deepEqual(ill.upload_folder.slice(0, 1), ["bad"]);
    assert.match(ill.upload_folder[1], /^nobody \(uid 65534\) cannot use \S+: owner uid 0, group gid 0, mode 0755$/);
    assert.match(ill.bak_folder[1], /belongs to uid 12345, not to nobody/);
    assert.equal(ill.data_folder[0], "bad");
    assert.match((await here.run("doctor")).out, /rosterd is not ready: 3 checks failed/);

    await chmod(here.folder, 0o700);
    assert.match((await verdicts(here)).upload_folder[1], new RegExp(`it cannot enter ${here.folder}$`));
  },
});

Deno.test({
  name: "status lists the uploads that the service's user may not read",
  ignore: !IS_ROOT,
  async fn() {
    await using here = await workplace();
    for (const [name, mode] of [["mine.csv", 0o600], ["open.csv", 0o644]] as const) {
      await here.write(`upload/${name}`, "unique_id\n");
      await chmod(here.path(`upload/${name}`), mode);
    }
    const { code, out } = await here.run("status", "--json");
    const { ready, waiting } = JSON.parse(out);
    assert.deepEqual([code, ready], [1, false]);
    assert.deepEqual(waiting.map(({ name }: { name: string }) => name), ["mine.csv"]);
  },
});
