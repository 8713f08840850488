/**
 * Attacks the folder of one of three feeds, both as a guest and as its owner. The files of the other two feeds must be
 * imported in every turn. `ROSTERD_ATTACK_SECONDS` sets the duration.
 */
import assert from "node:assert/strict";
import { chmod, chown, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../inbox/folder_tree.ts";
import { canMount } from "../../inbox/mounts.ts";
import { IS_ROOT } from "../../inbox/other_process.ts";
import { until } from "../../support/until.ts";
import { survived } from "../verdict.ts";
import { ALICE, makeHoard, MALLORY, startAttacker } from "./attack.ts";
import type { Attack } from "./attacker.ts";
import { Canary } from "./canary.ts";
import { FolderService } from "./service.ts";

const seconds = Number(Deno.env.get("ROSTERD_ATTACK_SECONDS") ?? 60);
const ATTACKED = "guests", OTHERS = ["students", ""];
if (!IS_ROOT) console.error(`LEFT OUT: ${import.meta.url}: only root can start an attacker as another user`);

async function attackOneFeed(kind: Attack["kind"]): Promise<void> {
  await using service = await FolderService.start({ feeds: [ATTACKED, "students"], inMemory: canMount() });
  const folder = service.at(ATTACKED), canary = await Canary.plant(service.here.path("canary"));
  using hoard = await makeHoard(service.here.path("hoard"));
  if (kind === "owner") await chown(folder, MALLORY, MALLORY);
  await chmod(service.upload, 0o1777);
  await chmod(folder, kind === "owner" ? 0o777 : 0o1777);
  const plan = { kind, upload: folder, canary: canary.root, hoard: hoard.root, uid: MALLORY, seed: Date.now() % 1e6 };
  const attacker = startAttacker(plan);
  await attacker.ready;
  let files = 0, checks = 0;
  try {
    for (const end = performance.now() + seconds * 1_000; performance.now() < end; files++) {
      for (const feed of OTHERS) {
        await service.dropGood(`U${files}-${feed}`, { feed, fails: files % 2 === 0, uid: ALICE });
      }
      await service.tryTurn();
      for (const feed of OTHERS) {
        const waiting = (await readdir(service.at(feed))).filter((name) => name.startsWith("good-"));
        assert.deepEqual(waiting, [], `${feed} is imported while ${ATTACKED} is attacked`);
      }
      const { feeds } = await service.status();
      assert.deepEqual(feeds.filter(({ name }) => name !== ATTACKED).map(({ usable }) => usable), [true, true]);
      if (kind === "guest") checks += await canary.untouched();
      checks += 3;
    }
  } finally {
    await writeFile(join(hoard.root, "stop"), "");
  }
  const tricks = await attacker.ended;
  await service.outside.eachAsTold();
  checks += service.outside.checks + (kind === "guest" ? await canary.untouched() : (await canary.unharmed()).compared);
  // An admin gives the feed a new folder.
  await run("rm", "-rf", folder);
  await mkdir(folder);
  await service.stop();
  await service.restart();
  await service.dropGood("LAST", { feed: ATTACKED });
  await until("the feed imports again", async () => {
    await service.turn();
    return (await service.status()).feeds.every(({ usable }) => usable) && (await readdir(folder)).length === 2;
  });
  const injected = Object.entries(tricks).reduce((sum, [name, count]) => name.includes(": ") ? sum : sum + count, 0);
  survived({ fault: `one of three feeds attacked by its ${kind} for ${seconds} s, ${files} turns`, injected, checks });
}

for (const kind of ["guest", "owner"] as const) {
  Deno.test({
    name: `${seconds} s of attack on one feed by its ${kind}: the other feeds are imported in every turn`,
    ignore: !IS_ROOT,
    fn: () => attackOneFeed(kind),
  });
}
