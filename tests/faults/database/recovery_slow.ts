/** Types the recipes in `docs/operations.md` for point-in-time recovery and for a planned switchover. */
import assert from "node:assert/strict";
import { Cluster, clusterIsMissing, leftOut, serverBinaries } from "../../support/cluster.ts";
import { Operator } from "../../support/operator.ts";
import { missingPrograms } from "../../support/programs.ts";
import { until } from "../../support/until.ts";
import { readPage, type Step, stepsIn } from "../../e2e/typed_session.ts";
import { survived } from "../verdict.ts";

const missing = clusterIsMissing() ?? missingPrograms("setsid", "runuser") ??
  (Deno.uid() === 0 ? null : "they need root, to act as the user postgres");
const ignore = leftOut(import.meta.url, missing);

async function stepsOf(heading: string): Promise<Step[]> {
  return stepsIn((await readPage("docs/operations.md")).split(`\n## ${heading}\n`)[1].split("\n## ")[0]);
}

const asPostgres = `shift 2; exec runuser -u postgres -- env PATH="${serverBinaries()}:$PATH" "$@"`;

async function usersOf(cluster: Cluster): Promise<string[]> {
  const rows = await cluster.sql<{ unique_id: string }[]>("select unique_id from rosterd.users order by unique_id");
  return rows.map(({ unique_id }) => unique_id);
}

const roster = (...ids: string[]) => `unique_id,login_source\n${ids.map((id) => `${id},ldap\n`).join("")}`;

Deno.test({
  name: "the recipe for point-in-time recovery restores an earlier state, and later rosters are reported and replayed",
  ignore,
  async fn() {
    const began = performance.now();
    const [backup, recovery] = await stepsOf("Point-in-time recovery");
    await using cluster = await Cluster.start({ settings: ["wal_level = replica"] });
    const server = `case "$1" in
      stop) runuser -u postgres -- ${serverBinaries()}/pg_ctl -D ${cluster.data} -m fast -w -s stop ;;
      start) runuser -u postgres -- ${serverBinaries()}/pg_ctl -D ${cluster.data} -l ${cluster.folder}/log -w -s start ;;
    esac`;
    const sudo = asPostgres.replace("exec", `export PGPORT=${cluster.port} PGHOST=127.0.0.1; exec`);
    await using operator = await Operator.make({ databaseUrl: cluster.url, programs: { sudo, server } });
    const lib = operator.here("/var/lib/postgresql");
    const archive = `test ! -f ${lib}/archive/%f && cp %p ${lib}/archive/%f`;
    await operator.run(`mkdir ${lib}/archive; chown -R postgres: ${lib} $HERE/var/backups`);
    await cluster.configure("archive_mode = on", `archive_command = '${archive}'`);
    await cluster.stop("fast");
    await cluster.start();
    const typed = ({ lines }: Step, moment = "") => {
      const there = operator.here(lines).replaceAll(`${lib}/15/main`, cluster.data);
      return operator.run(there.replaceAll("2026-11-30 02:10:00+00", moment));
    };
    await typed(backup);
    await operator.run("systemctl start rosterd");
    await operator.import("monday.csv", roster("1"));
    const [{ moment }] = await cluster.sql<{ moment: string }[]>("select now()::text as moment");
    const later = [
      await operator.import("tuesday.csv", roster("1", "2")),
      await operator.import("wednesday.csv", roster("1", "2", "3")),
    ];
    await cluster.sql("select pg_switch_wal()");
    const recovering = performance.now();

    await typed(recovery, moment);

    await until("the recovery is over", async () => {
      const [{ there }] = await cluster.sql<{ there: boolean }[]>("select not pg_is_in_recovery() as there");
      return there;
    }, 60_000);
    console.log(`recovered after ${Math.round(performance.now() - recovering)} ms`);
    assert.deepEqual(await usersOf(cluster), ["1"]);
    await until(
      "the missing rosters are reported",
      async () => /2 rosters in bak were never imported/.test(await operator.run("rosterd status")),
      60_000,
      500,
    );
    const listed = await operator.run("rosterd imports replay --dry-run");
    for (const name of later) assert.ok(listed.includes(name), listed);
    await operator.run("rosterd imports replay; rosterd run || [ $? = 2 ]");
    await until("both were replayed", async () => (await usersOf(cluster)).length === 3, 60_000);
    const ids = await cluster.sql<{ id: number }[]>("select id from rosterd.imports order by id");
    assert.ok(ids.length === 3 && ids[1].id > 3, "the ids of the lost imports are not used again");
    survived({ fault: "point-in-time recovery", injected: 1, checks: 6 });
    console.log(`in all ${Math.round(performance.now() - began)} ms`);
  },
});

Deno.test({
  name: "the recipe for a planned switchover loses no import, and the service continues with the new primary",
  ignore,
  async fn() {
    const [switchover] = await stepsOf("Planned switchover");
    await using primary = await Cluster.start({ settings: ["wal_level = replica", "max_wal_senders = 5"] });
    await using standby = await primary.standby();
    const url = `postgres://postgres@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/postgres`;
    // The first word is the host; the rest is the command to run there.
    const programs = { sudo: asPostgres, ssh: 'shift; exec "$@"' };
    await using operator = await Operator.make({ databaseUrl: `${url}?target_session_attrs=read-write`, programs });
    await operator.run("systemctl start rosterd");
    await operator.import("monday.csv", roster("1"));
    const [db1, db2] = [primary, standby].map(({ data }) => data);
    const began = performance.now();
    const there = operator.here(switchover.lines).replace(/(?<=db1.*--pgdata=)\S+/, db1).replace(
      /(?<=db2.*--pgdata=)\S+/,
      db2,
    );
    const lines = there.split("\n").filter((line) => line !== "");
    await operator.run(lines.slice(0, 2).join("\n"));
    await operator.import("tuesday.csv", roster("1", "2"));
    console.log(`imported ${Math.round(performance.now() - began)} ms after the switchover began`);
    assert.match(await operator.run(lines[2]), /good +database: PostgreSQL/);
    assert.deepEqual(await usersOf(standby), ["1", "2"]);
    survived({ fault: "planned switchover", injected: 1, checks: 2 });
  },
});
