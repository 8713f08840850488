/** A few cases of frozen links and of lost replies to COMMIT. `link_slow.ts` covers all cases. */
import assert from "node:assert/strict";
import { COMMIT } from "../../support/proxy.ts";
import { freezesIn, onProxy } from "./link.ts";
import { roster } from "./service.ts";
import { survived } from "../verdict.ts";

freezesIn("during COPY");
freezesIn("before COMMIT");

onProxy(
  "an import whose COMMIT got no reply is recognized as applied, and is not repeated",
  async (proxy, database) => {
    const file = roster("answer", 10);
    let swallowed = 0;
    proxy.when({
      says: COMMIT,
      ahead: true,
      act: (connection) => {
        // Only an import sends this much data.
        if (connection.fromClient < 4_000 || swallowed > 0) return;
        swallowed++;
        connection.freeze(["to_client"]);
      },
    });
    await database.drop(file);

    await database.recovers(file);
    assert.equal(swallowed, 1);
    assert.equal(database.logged("imported").length, 1);
    assert.equal(database.logged("import_postponed").length, 0);
    survived({ fault: "reply to COMMIT lost", injected: 1, checks: database.outside.checks });
  },
);

onProxy(
  "a frozen link delays HTTP only briefly: 503 says why and when to retry",
  async (proxy, database) => {
    proxy.freezeAll();
    for (const [method, path] of [["GET", "/imports"], ["GET", "/imports/1"], ["POST", "/imports/1/undo"]]) {
      const start = performance.now();
      const answer = await database.service.fetch(path, { method });
      assert.ok(performance.now() - start < 5_000);
      const problem = await answer.json();
      assert.deepEqual(
        [path, answer.status, problem.problems?.[0].code],
        [path, 503, "database"],
        JSON.stringify(problem),
      );
      assert.match(problem.detail, /froze/);
      assert.ok(Number(answer.headers.get("retry-after")) > 0);
      database.outside.checks++;
    }
    await database.ready();
    assert.deepEqual((await database.service.get<{ imports: unknown[] }>("/imports")).imports, []);
    survived({ fault: "every link to the database frozen at once", injected: 1, checks: database.outside.checks });
  },
);
