/**
 * Imports, leadership, decisions and HTTP work through PgBouncer in transaction mode, and frozen links are detected.
 */
import assert from "node:assert/strict";
import { startPgbouncer } from "../../support/pgbouncer.ts";
import { pgbouncerIsMissing } from "../../support/pgbouncer.ts";
import { serverUnavailable, testDatabase } from "../../support/postgres.ts";
import { Proxy } from "../../support/proxy.ts";
import { TestService } from "../../support/service.ts";
import { until } from "../../support/until.ts";
import { FaultyDatabase, roster, SHORT } from "./service.ts";
import { survived } from "../verdict.ts";

const unavailable = await serverUnavailable() ?? pgbouncerIsMissing();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

function throughPgbouncer(
  name: string,
  test: (database: FaultyDatabase, proxy: Proxy, url: string) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using made = (await testDatabase())!;
      await using pooled = await startPgbouncer(made.url);
      await using proxy = Proxy.start(pooled.url);
      await using database = await FaultyDatabase.start(proxy.url, () => made.sql);
      await test(database, proxy, pooled.url);
    },
  });
}

throughPgbouncer(
  "imports, leadership and decisions work through PgBouncer in transaction mode",
  async (database, _, url) => {
    const { service, outside } = database;
    await using second = await TestService.start({ databaseUrl: url, upload: service.upload, linkTimeouts: SHORT });
    assert.equal((await second.get<{ standby: boolean }>("/status")).standby, true);
    const file = roster("pooled", 20_000);
    await database.drop(file);
    const [{ id, created }] = await until("the import", async () => {
      const { imports } = await service.get<{ imports: { id: number; created: number }[] }>("/imports?status=done");
      return imports.length > 0 && imports;
    });
    assert.equal(created, 20_000);
    const undone = await service.fetch(`/imports/${id}/undo`, { method: "POST" });
    assert.deepEqual([undone.status, (await undone.json()).archived], [200, 20_000]);
    await service.stop();
    await until("the second leads", async () => !(await second.get<{ standby: boolean }>("/status")).standby, 30_000);
    const checked = await second.fetch("/check?name=x.csv", {
      method: "POST",
      body: "unique_id,login_source\n1,ldap\n",
    });
    assert.equal(checked.status, 200);
    await second.stop();
    await outside.inTheEnd();
    survived({ fault: "PgBouncer in transaction mode", injected: 1, checks: outside.checks });
  },
);

for (const says of ["Main Street Main Street", "analyze repeats"]) {
  throughPgbouncer(`a link to PgBouncer that freezes at "${says}" is cut, and the import made by itself`, async (
    database,
    proxy,
  ) => {
    proxy.when({ says, once: true, act: (connection) => connection.freeze() });
    const file = roster("frozen", 20_000);
    await database.drop(file);
    await database.unreachableBecause(/froze/);
    await until("bak", async () => (await database.service.bak().catch(() => [])).length > 0, 60_000);
    await database.ready();
    await database.service.stop();
    await database.outside.inTheEnd();
    survived({ fault: "link to PgBouncer frozen", injected: 1, checks: database.outside.checks });
  });
}

throughPgbouncer("a long merge without network traffic is not interrupted with PgBouncer", async (database) => {
  await database.connect().unsafe(`
    create function public.dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(6); return null; end $$;
    create trigger dawdle after insert on rosterd.users for each statement execute function public.dawdle()`);
  await database.drop(roster("long", 5));
  await until("bak", async () => (await database.service.bak().catch(() => [])).length > 0, 60_000);
  await database.service.stop();
  assert.equal(database.logged("database_away").length, 0);
  await database.outside.inTheEnd();
  survived({ fault: "a long merge through PgBouncer", injected: 1, checks: database.outside.checks });
});
