/**
 * A transaction gets an idle connection only if the connection still works
 * (`src/postgres/connection/dedicated_connections.ts`).
 */
import assert from "node:assert/strict";
import { connectServer, type Database, type Tx } from "../../../src/postgres/connection/connect.ts";
import { serverUnavailable, testDatabase } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

type LookAt = Awaited<ReturnType<typeof testDatabase>> & object;

function onServer(name: string, test: (database: Database, made: LookAt) => Promise<void>): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using made = (await testDatabase())!;
      const database = connectServer(made.url);
      try {
        await test(database, made);
      } finally {
        await database.close();
      }
      const left = () =>
        made.sql`select from pg_stat_activity where application_name = 'rosterd' and datname = current_database()`;
      await until("no session is left", async () => (await left()).length === 0);
    },
  });
}

const pidOf = async (tx: Tx): Promise<number> => (await tx<{ pid: number }[]>`select pg_backend_pid() as pid`)[0].pid;

onServer("consecutive transactions use one connection", async (database) => {
  const first = await database.transaction(pidOf);
  assert.equal(await database.transaction(pidOf), first);
  assert.equal(await database.transaction(pidOf, "repeatable read"), first);
});

onServer("two concurrent transactions use two connections", async (database) => {
  const [outer, inner] = await database.transaction(async (tx) => {
    return [await pidOf(tx), await database.transaction(pidOf)];
  });
  assert.notEqual(outer, inner);
});

onServer("the settings of a transaction do not affect the next one on the same connection", async (database) => {
  await database.transaction((tx) =>
    tx.unsafe("set local work_mem = '77MB'; create temp table mine () on commit drop")
  );
  const [left] = await database.transaction((tx) =>
    tx`select current_setting('work_mem') as memory, to_regclass('mine') is null as gone`
  );
  assert.deepEqual({ ...left }, { memory: "4MB", gone: true });
});

onServer(
  "after an error, the connection is closed, and the next transaction uses a new one",
  async (database, { sql }) => {
    const first = await database.transaction(pidOf);
    await assert.rejects(database.transaction((tx) => tx`select 1 / 0`), { code: "22012" });
    assert.notEqual(await database.transaction(pidOf), first);
    await until(
      "its session ends",
      async () => (await sql`select from pg_stat_activity where pid = ${first}`).length === 0,
    );
  },
);

onServer("an idle connection is closed after a short time", async (database, { sql }) => {
  const pid = await database.transaction(pidOf);
  await until(
    "its session ends",
    async () => (await sql`select from pg_stat_activity where pid = ${pid}`).length === 0,
  );
});

onServer("an idle connection that the server ended does not fail the next transaction", async (database, { sql }) => {
  for (let times = 0; times < 20; times++) {
    const pid = await database.transaction(pidOf);
    await sql`select pg_terminate_backend(${pid})`;
    assert.notEqual(await database.transaction(pidOf), pid);
  }
});

onServer("a transaction that began on an idle connection is not run twice", async (database, { sql }) => {
  await database.transaction(pidOf);
  let begun = 0;
  const dying = database.transaction(async (tx) => {
    begun++;
    await sql`select pg_terminate_backend(${await pidOf(tx)})`;
    await tx`select 1`;
  });
  await assert.rejects(dying);
  assert.equal(begun, 1);
});
