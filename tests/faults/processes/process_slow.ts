/** Tests faults of the process that take a long time. */
import assert from "node:assert/strict";
import { until } from "../../support/until.ts";
import { Rosterds } from "./rosterds.ts";
import { survived } from "../verdict.ts";

/** The key of the migration lock (`src/postgres/migrate.ts`). */
const MIGRATION_LOCK = 7_246_001;

Deno.test("SIGTERM ends a hanging service within 25 s", async () => {
  await using w = await Rosterds.make();
  const { sql } = w.database;
  const other = await sql.reserve();
  await other`select pg_advisory_lock(${MIGRATION_LOCK})`;
  const process = w.here.spawn("serve");
  await until("the service waits for the migration lock", async () => await w.backends("wait_event_type = 'Lock'") > 0);
  const began = performance.now();
  process.kill("SIGTERM");
  const { code, stderr } = await process.output();
  const took = performance.now() - began;
  const log = new TextDecoder().decode(stderr);
  assert.equal(code, 0, log);
  assert.match(log, /"event":"stopped_unfinished"/);
  assert.ok(took < 25_000, `it took ${took} ms`);
  await other`select pg_advisory_unlock(${MIGRATION_LOCK})`;
  other.release();
  await w.drop(w.rosterOf("a.csv", 10));
  await w.start();
  await w.allImported(1);
  await w.outside.inTheEnd();
  console.log(`it ended after ${Math.round(took / 1_000)} s`);
  survived({ fault: "process: SIGTERM while startup hangs", injected: 1, checks: w.outside.checks + 3 });
});
