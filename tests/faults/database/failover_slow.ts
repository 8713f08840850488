/**
 * Failover with a real primary and standby. The service continues without a restart, and every file is either applied
 * exactly once or reported as lost (docs/reliability.md#failover).
 */
import assert from "node:assert/strict";
import { Cluster, clusterIsMissing, leftOut } from "../../support/cluster.ts";
import { TestService } from "../../support/service.ts";
import { until } from "../../support/until.ts";

const unavailable = clusterIsMissing();
const ignore = leftOut(import.meta.url, unavailable);
const MAX_TAKEOVER_MS = 60_000;

const roster = (from: number, to: number) =>
  "unique_id,login_source\n" + Array.from({ length: to - from + 1 }, (_, at) => `u${from + at},ldap\n`).join("");

Deno.test({
  name: "after the primary is killed and its standby is promoted, imports continue within a minute",
  ignore,
  async fn() {
    await using primary = await Cluster.start({ settings: ["wal_level = replica", "max_wal_senders = 5"] });
    await using standby = await primary.standby();
    // The standby is the first host in the URL.
    const databaseUrl =
      `postgres://postgres@127.0.0.1:${standby.port},127.0.0.1:${primary.port}/postgres?target_session_attrs=read-write`;
    await using service = await TestService.start({ databaseUrl });
    const doctor = async () => {
      const { findings } = await service.get<{ findings: { check: string; verdict: string; text: string }[] }>(
        "/doctor",
      );
      return findings.find(({ check }) => check === "standbys")!;
    };
    const { verdict, text } = await doctor();
    assert.equal(verdict, "warning");
    assert.ok(text.includes(`127.0.0.1:${primary.port} has 1 standby, and none is synchronous`), text);
    await primary.sql("alter system set synchronous_standby_names = 'standby'");
    await primary.sql("select pg_reload_conf()");
    await until("doctor sees the synchronous standby", async () => (await doctor()).verdict === "good");
    const first = await service.import("first.csv", roster(1, 1_000));
    assert.equal(first.created, 1_000);
    await until("the standby has the import", async () => {
      const [{ users }] = await standby.sql<{ users: number }[]>("select count(*)::int as users from rosterd.users");
      return users === 1_000;
    });
    await primary.stop("immediate");
    await service.drop("second.csv", roster(1_001, 2_000));
    const killed = performance.now();
    await standby.promote();
    await until("the second file was imported", async () => {
      await service.fetch("/imports", { method: "POST" }).then((answer) => answer.body?.cancel());
      const answer = await service.fetch("/imports?limit=1");
      const { imports: [entry] = [] } = await answer.json();
      return entry?.file === "second.csv" && entry.status === "done" && entry.bak_file !== null;
    }, MAX_TAKEOVER_MS);
    console.log(`took over after ${Math.round(performance.now() - killed)} ms`);
    const [{ users }] = await standby.sql<{ users: number }[]>("select count(*)::int as users from rosterd.users");
    assert.equal(users, 2_000);

    // The old primary comes back while the new one is running, and rosterd must not write to it.
    await primary.start();
    await service.import("third.csv", roster(2_001, 2_010));
    const [{ old }] = await primary.sql<{ old: number }[]>("select count(*)::int as old from rosterd.users");
    assert.equal(old, 1_000);
  },
});

Deno.test({
  name: "imports that an asynchronous standby did not receive are listed after its promotion, and replayed",
  ignore,
  async fn() {
    await using primary = await Cluster.start({ settings: ["wal_level = replica", "max_wal_senders = 5"] });
    await using standby = await primary.standby();
    const databaseUrl = `postgres://postgres@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/postgres`;
    await using service = await TestService.start({ databaseUrl });
    await service.import("first.csv", roster(1, 1_000));
    await until("the standby has the import", async () => {
      const [{ users }] = await standby.sql<{ users: number }[]>("select count(*)::int as users from rosterd.users");
      return users === 1_000;
    });
    await standby.stop("fast");
    for (let night = 1; night <= 3; night++) {
      await service.import(`night${night}.csv`, roster(1_000 * night, 1_000 * night + 500 + night));
    }
    const [{ users }] = await primary.sql<{ users: number }[]>("select count(*)::int as users from rosterd.users");
    await primary.stop("immediate");
    await standby.start();
    await standby.promote();
    const warning = async () => {
      const { problems } = await service.get<{ problems: { code: string; text: string }[] }>("/status");
      return problems.find(({ code }) => code === "rosters_missing")?.text ?? null;
    };
    await until("the missing rosters are reported", async () => {
      await service.fetch("/imports", { method: "POST" }).then((answer) => answer.body?.cancel());
      return /^3 rosters in bak were never imported/.test(await warning() ?? "");
    }, MAX_TAKEOVER_MS);
    const replayed = await service.fetch("/imports/replay", { method: "POST" });
    assert.equal((await replayed.json()).rosters.length, 3);
    await service.turn();
    assert.equal(await warning(), null);
    const [after] = await standby.sql<{ users: number }[]>("select count(*)::int as users from rosterd.users");
    assert.equal(after.users, users);
  },
});
