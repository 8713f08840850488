/** Freezes the link in every phase of an import and in each direction. Also freezes the leader's link. */
import assert from "node:assert/strict";
import { until } from "../../support/until.ts";
import { freezesIn, onProxy } from "./link.ts";
import { roster } from "./service.ts";
import { survived } from "../verdict.ts";

for (const phase of ["while it waits for its turn", "during COPY", "in the merge", "before COMMIT"] as const) {
  freezesIn(phase);
  freezesIn(phase, ["to_server"]);
  // If the link freezes after COMMIT, the import is applied instead.
  if (phase !== "before COMMIT") freezesIn(phase, ["to_client"]);
}

onProxy("a leader notices that its link is frozen, and another process can take the lock", async (proxy, database) => {
  const sessions = () =>
    database.connect()<{ query: string }[]>`
      select query from pg_stat_activity where application_name = 'rosterd' and datname = current_database()`;
  // Waits until the idle connection of the last import is closed. It holds no locks, but if the link froze first, the
  // server would not notice the close.
  await until("only the leader and the pool are connected", async () => {
    const all = await sessions();
    return all.length === proxy.connections.length && all.length >= 2 && all.every(({ query }) => query !== "commit");
  });
  const frozen = proxy.connections.length;
  proxy.freezeAll();
  await until("the end of the leader's backend", async () => {
    const rows = await database.connect()`
      select from pg_locks where locktype = 'advisory' and objid = 7246003 and granted
        and database = (select oid from pg_database where datname = current_database())`;
    return rows.length === 0;
  }, 30_000);
  const file = roster("later", 5);
  await database.drop(file);
  await database.recovers(file);
  survived({ fault: "the leader's link frozen", injected: frozen, checks: database.outside.checks });
});

onProxy("a long import without network traffic is not interrupted", async (_proxy, database) => {
  await database.connect().unsafe(`
    create function rosterd.dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(6); return null; end $$;
    create trigger dawdle after insert on rosterd.users for each statement execute function rosterd.dawdle()`);
  const file = roster("long", 5);
  await database.drop(file);
  await database.recovers(file);
  assert.equal(database.logged("database_away").length, 0);
  survived({ fault: "a merge silent for six times the deadline", injected: 1, checks: database.outside.checks });
});
