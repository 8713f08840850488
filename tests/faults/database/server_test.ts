/** Tests some server faults. `server_slow.ts` covers all of them. */
import assert from "node:assert/strict";
import { onCluster, stopsIn } from "./server.ts";
import { roster } from "./service.ts";
import { survived } from "../verdict.ts";

stopsIn("during COPY");
stopsIn("after COMMIT");

onCluster("rosterd reports a stopped server in one line, and needs no restart once the server is up", async (
  { cluster, database },
) => {
  await cluster.stop("fast");
  await database.unreachableBecause(/lost|no server/);
  await database.service.restart();
  const file = roster("waits", 5);
  await database.drop(file);
  await database.unreachableBecause(/no server answers|lost/);
  const { database: { state }, ready } = await database.status();
  assert.deepEqual([state, ready], ["unreachable", false]);
  const answer = await database.service.fetch("/imports");
  assert.equal((await answer.json()).status, 503);
  const before = database.logged("database_away").length;

  await cluster.start();
  await database.recovers(file);
  assert.ok(before <= 3, `${before} lines for a server that went down, once before and once after a restart`);
  survived({ fault: "server down at the start, and up later", injected: 1, checks: database.outside.checks });
});
