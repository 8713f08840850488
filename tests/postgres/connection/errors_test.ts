/**
 * After any database error, an import is applied completely or not at all, within a bounded time
 * (docs/reliability.md#faults-survived).
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { until } from "../../support/until.ts";
import { held } from "../held_file.ts";
import { countsOf, csvOf, onEachDatabase, onServer, type RosterDatabase } from "../roster_database.ts";

/** Large enough that rosterd sends part of the roster before it has read the rest. */
const LARGE = csvOf(Array.from({ length: 40_000 }, (_, at) => ({
  unique_id: `U${at}`,
  login_source: "ldap",
  street: "Main Street ".repeat(8),
})));
const SMALL = "unique_id,login_source,city\n1,ldap,Ottawa\n2,ldap,Hull\n";
const CREATED = { records: 2, created: 2 };

/** Lists the sessions of imports, which are the ones in a transaction. */
const sessions = (db: RosterDatabase) =>
  db.sql<{ pid: number; query: string; waits: string | null }[]>`
    select pid, query, wait_event_type as waits from pg_stat_activity
    where datname = current_database() and application_name = 'rosterd' and xact_start is not null`;

async function terminate(db: RosterDatabase, pid: number): Promise<void> {
  await db.sql`select pg_terminate_backend(${pid})`;
  await until("the end of the session", async () => !(await sessions(db)).some((session) => session.pid === pid));
}

async function assertUntouched(db: RosterDatabase): Promise<void> {
  assert.deepEqual(await db.users(), {});
  await until("the end of all sessions", async () => (await sessions(db)).length === 0);
  assert.deepEqual(countsOf(await db.import(SMALL)), CREATED, "the next import works");
}

onServer("a connection killed during COPY into staging rolls the whole import back", async (db) => {
  await db.addUsers({ unique_id: "U0" });
  await killedInCopy(db, /^copy staged/);
  assert.deepEqual(Object.keys(await db.users()), ["U0"]);
});

onServer("a connection killed during COPY into users rolls the whole import back", async (db) => {
  await killedInCopy(db, /^copy rosterd.users/);
  await assertUntouched(db);
});

async function killedInCopy(db: RosterDatabase, copy: RegExp): Promise<void> {
  const { way, reached, release } = held("copying");
  const importing = db.import(LARGE, way);
  await reached;
  const [{ pid, query }] = await sessions(db);
  assert.match(query, copy);

  await terminate(db, pid);
  const start = performance.now();
  release();
  const report = await importing;

  assert.ok(performance.now() - start < 5_000);
  assert.equal(report.status, "error");
  assert.notEqual(report.reason!.code, "unexpected", report.reason!.text);
  assert.equal((await db.store.find(report.id!))!.status, "error");
}

onEachDatabase("a file that is found to be cut off during COPY is rejected and not retried", async (db) => {
  for (const report of [await db.check(SMALL + "3,ld"), await db.import(SMALL + "3,ld")]) {
    assert.deepEqual([report.status, report.reason!.code, report.reason!.line], ["rejected", "cut_off", 4]);
  }
  await assertUntouched(db);
});

onServer("a connection killed during the merge rolls the whole import back", async (db) => {
  const report = await db.sql.begin(async (tx) => {
    await tx`lock table rosterd.users in access exclusive mode`;
    const importing = db.import(LARGE);
    const { pid } = await until("the merge that waits for the table", async () => {
      return (await sessions(db)).find(({ waits }) => waits === "Lock") ?? null;
    });
    await terminate(db, pid);
    return await importing;
  });

  assert.equal(report.status, "error");
  // The server reports the reason and closes the connection. The client may notice either event first.
  assert.match(report.reason!.code, /^(57P01|CONNECTION_CLOSED)$/);
  await assertUntouched(db);
});

onServer("an import waits for a running import, reports the wait once, and then sees the result", async (db) => {
  const first = held("staged"), waiting = Promise.withResolvers<void>();
  let waits = 0;
  const onWait = () => {
    waits++;
    waiting.resolve();
  };
  const one = db.import(SMALL, first.way);
  await first.reached;
  const two = db.import(SMALL, { onWait });
  await waiting.promise;
  assert.deepEqual(await db.users(), {});

  first.release();

  assert.deepEqual(countsOf(await one), CREATED);
  assert.deepEqual(countsOf(await two), { records: 2, unchanged: 2 });
  assert.equal(waits, 1);
});

onServer("a waiting import can be aborted, and leaves no session", async (db) => {
  const first = held("staged"), waiting = Promise.withResolvers<void>(), stop = new AbortController();
  const one = db.import(SMALL, first.way);
  await first.reached;
  const two = db.import(SMALL, { onWait: waiting.resolve, signal: stop.signal });
  await waiting.promise;

  stop.abort(new Error("called off"));

  await assert.rejects(two, { message: "called off" });
  await until("only the first session", async () => (await sessions(db)).length === 1);
  first.release();
  assert.deepEqual(countsOf(await one), CREATED);
});

onServer("an import that is aborted during reading is rolled back", async (db) => {
  const { way, reached, release } = held("copying"), stop = new AbortController();
  const importing = db.import(LARGE, { ...way, signal: stop.signal });
  await reached;

  stop.abort(new Error("called off"));
  release();

  await assert.rejects(importing, { message: "called off" });
  await assertUntouched(db);
});

/** Records an import that started and never ended, as a killed command leaves it. Returns its id. */
async function killedImport(db: RosterDatabase): Promise<number> {
  const [{ id }] = await db.sql<{ id: number }[]>`
    with kept as (insert into rosterd.import_settings values ('', '{}') on conflict do nothing)
    insert into rosterd.imports (file, settings_digest) values ('killed.csv', '') returning id`;
  return id;
}

onServer("the next import marks an import whose process was killed as 'interrupted'", async (db) => {
  const id = await killedImport(db);

  const next = await db.import(SMALL);

  const killed = (await db.store.find(id))!;
  assert.deepEqual([killed.status, killed.reason?.code], ["error", "interrupted"]);
  assert.notEqual(killed.finished_at, null);
  assert.equal((await db.store.find(next.id!))!.status, "done");
});

onServer("an import that waits for another is not marked as interrupted", async (db) => {
  const gates = Array.from({ length: 5 }, () => held("staged"));
  const ended = new Set<number>();
  const first = db.import(SMALL, gates[0].way);
  await gates[0].reached;
  const others = gates.slice(1).map(async ({ way, reached }, at) => {
    const waiting = Promise.withResolvers<void>();
    const importing = db.import(SMALL, { ...way, onWait: waiting.resolve });
    await waiting.promise;
    return { importing, reached: reached.then(() => at + 1) };
  });
  const waiters = await Promise.all(others);
  gates[0].release();
  await first;

  while (ended.size < waiters.length) {
    const runs = await Promise.race(waiters.filter((_, at) => !ended.has(at + 1)).map(({ reached }) => reached));
    const rows = await db.sql`select status from rosterd.imports where status <> 'done'`;
    assert.deepEqual(rows.map(({ status }) => status), rows.map(() => "running"));
    gates[runs].release();
    await waiters[runs - 1].importing;
    ended.add(runs);
  }

  const killed = await killedImport(db);
  await db.import(SMALL);
  assert.equal((await db.store.find(killed))!.status, "error", "no import is waiting any longer");
});

onServer(
  "whenever the connection is killed, the import is applied completely or not at all, as recorded in the history",
  async (db) => {
    const tries = fc.integer({ min: 0, max: 60 });
    const seen = { applied: 0, not: 0 };
    await fc.assert(
      fc.asyncProperty(tries, async (ms) => {
        await db.clear();
        const importing = db.import(SMALL);
        await delay(ms);
        await db.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'rosterd' and xact_start is not null`;

        const report = await importing;

        const users = Object.keys(await db.users());
        const [entry] = await db.sql`select status from rosterd.imports`;
        const applied = entry?.status === "done";
        seen[applied ? "applied" : "not"]++;
        assert.deepEqual(users, applied ? ["1", "2"] : []);
        assert.ok(report.status === "error" || applied, "no import is reported as done that is not");
      }),
      { numRuns: 60 },
    );
    assert.ok(seen.not > 0, "some were killed in time");
    await until("the end of all sessions", async () => (await sessions(db)).length === 0);
  },
);
