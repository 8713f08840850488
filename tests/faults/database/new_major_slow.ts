/** Moves the database to a new major version of PostgreSQL, using a dump that is older than the last import. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Cluster, clusterIsMissing, leftOut } from "../../support/cluster.ts";
import { newerBinaries } from "../../support/newer_postgres.ts";
import { missingPrograms, run } from "../../support/programs.ts";
import { TestService } from "../../support/service.ts";
import { until } from "../../support/until.ts";
import { survived } from "../verdict.ts";

const ignore = leftOut(import.meta.url, clusterIsMissing() ?? missingPrograms("pg_dump", "psql", "npm"));
const USERS = 200;
const rosterOf = (city: string) =>
  `unique_id,login_source,city\n${Array.from({ length: USERS }, (_, at) => `u${at},ldap,${city}\n`).join("")}`;

interface Finding {
  check: string;
  verdict: string;
  text: string;
}

Deno.test({
  name: "after a move to a new major version, the missing import is reported and replayed, and no change is skipped",
  ignore,
  async fn() {
    const bin = await newerBinaries();
    await using old = await Cluster.start();
    const settings = { change_guard: { max_percent: 100, min_users: 0 } };
    await using service = await TestService.start({ databaseUrl: old.url, settings });
    await service.import("monday.csv", rosterOf("Ottawa"));
    await service.import("again.csv", rosterOf("Ottawa"));
    const dump = join(service.folder, "dump.sql");
    await run("pg_dump", `--file=${dump}`, old.url);
    const tuesday = await service.import("tuesday.csv", rosterOf("Hull"));
    await service.stop();
    await old.stop("fast");

    await using cluster = await Cluster.start({ bin, port: old.port });
    await run("psql", "--quiet", "--set=ON_ERROR_STOP=1", `--file=${dump}`, cluster.url);
    const [{ version }] = await cluster.sql<{ version: string }[]>(
      "select current_setting('server_version') as version",
    );
    assert.ok(version.startsWith("18."), version);
    await service.restart();

    const replay = await service.fetch("/imports/replay", { method: "POST" });
    const { rosters }: { rosters: { file: string }[] } = await replay.json();
    assert.deepEqual(rosters.map(({ file }) => file), [tuesday.bak_file]);
    const cities = async () => {
      const rows = await cluster.sql<{ city: string; users: number }[]>(
        "select city, count(*)::int as users from rosterd.users group by city",
      );
      return rows.map(({ city, users }) => [city, users]);
    };
    await service.turn();
    await until("tuesday's roster was replayed", async () => (await cities())[0][0] === "Hull");
    assert.deepEqual(await cities(), [["Hull", USERS]]);
    const same = await service.import("wednesday.csv", rosterOf("Hull"));
    assert.deepEqual([same.unchanged, same.id > tuesday.id], [USERS, true]);
    await cluster.sql("update rosterd.users set city = 'Laval' where unique_id = 'u7'");
    assert.equal((await service.import("thursday.csv", rosterOf("Hull"))).updated, 1);
    await service.import("friday.csv", rosterOf("Ottawa"));
    assert.deepEqual(await cities(), [["Ottawa", USERS]]);
    const { findings } = await service.get<{ findings: Finding[] }>("/doctor");
    assert.deepEqual(findings.filter(({ verdict }) => verdict === "bad"), []);
    const { problems } = await service.get<{ problems: unknown[] }>("/status");
    assert.deepEqual(problems, []);
    survived({ fault: `a move from PostgreSQL 15 to ${version}, from an older dump`, injected: 1, checks: 8 });
  },
});
