/** Two servers under Patroni: a switchover and a killed leader (docs/operations.md#patroni). */
import assert from "node:assert/strict";
import { leftOut } from "../../support/cluster.ts";
import { PatroniCluster, patroniIsMissing } from "../../support/patroni.ts";
import { TestService } from "../../support/service.ts";
import { until } from "../../support/until.ts";
import { readPage, stepsIn } from "../../e2e/typed_session.ts";
import { survived } from "../verdict.ts";
import { rosterOf } from "./expected_file.ts";

const MAX_TAKEOVER_MS = 60_000;

Deno.test({
  name: "under Patroni, a switchover or a killed leader loses no import, and imports continue within a minute",
  ignore: leftOut(import.meta.url, patroniIsMissing()),
  async fn() {
    await using patroni = await PatroniCluster.start();
    await using service = await TestService.start({ databaseUrl: patroni.databaseUrl });
    const files = [1, 2, 3, 4].map((n) => rosterOf(`p${n}`));
    const imports = async (at: number) => {
      await service.drop(files[at].name, files[at].content);
      const began = performance.now();
      await until(
        `${files[at].name} was imported`,
        async () => {
          await (await service.fetch("/imports", { method: "POST" })).body?.cancel();
          const leader = await patroni.leader();
          return leader !== null && await files[at].isFiled(service, patroni.server(leader)).catch(() => false);
        },
        MAX_TAKEOVER_MS,
        100,
      );
      return Math.round(performance.now() - began);
    };
    await imports(0);
    const { findings } = await service.get<{ findings: { check: string; text: string }[] }>("/doctor");
    const standbys = findings.find(({ check }) => check === "standbys")!.text;
    assert.ok(standbys.includes(`127.0.0.1:${patroni.node("db1").port} has 1 standby`), standbys);

    const page = (await readPage("docs/operations.md")).split("\n## Patroni\n")[1];
    const [, ...words] = stepsIn(page)[0].lines.split("\n")[0].split(" ");
    await patroni.control(...words);
    const switched = await imports(1);
    assert.equal(await patroni.leader(), "db2");

    await until("db1 follows", async () => (await patroni.members()).db1 === "running", 60_000, 200);
    const killed = performance.now();
    await patroni.kill("db2");
    await imports(2);
    const took = Math.round(performance.now() - killed);
    assert.equal(await patroni.leader(), "db1");

    patroni.startNode("db2");
    await until("db2 follows", async () => (await patroni.members()).db2 === "running", 90_000, 200);
    await imports(3);
    for (const file of files) await file.assertAppliedOnce(service, patroni.server("db1"));
    console.log(`imported ${switched} ms after the switchover, ${took} ms after the kill of the leader`);
    assert.ok(took < MAX_TAKEOVER_MS);
    survived({ fault: "Patroni: a switchover and a killed leader", injected: 2, kills: 1, checks: 4 * files.length });
  },
});
