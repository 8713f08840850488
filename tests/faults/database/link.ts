/**
 * A link to the database that freezes silently, and a COMMIT whose reply is lost (docs/reliability.md#faults-survived).
 */
import assert from "node:assert/strict";
import { BOTH, COMMIT, type Direction, Proxy, type Rule } from "../../support/proxy.ts";
import { serverUnavailable, testDatabase } from "../../support/postgres.ts";
import { FaultyDatabase, roster } from "./service.ts";
import { survived } from "../verdict.ts";

const unavailable = await serverUnavailable();

export function onProxy(name: string, test: (proxy: Proxy, database: FaultyDatabase) => Promise<void>): void {
  if (unavailable !== null) console.error(`LEFT OUT: ${name}: ${unavailable}`);
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using made = (await testDatabase())!;
      await using proxy = Proxy.start(made.url);
      await using database = await FaultyDatabase.start(proxy.url, () => made.sql);
      await test(proxy, database);
    },
  });
}

/** The proxy recognizes each phase by the data that the import sends over its connection. */
const PHASES = {
  "while it waits for its turn": { says: "pg_try_advisory_xact_lock(" },
  "during COPY": { says: "Main Street Main Street" },
  "in the merge": { says: "analyze repeats" },
  "before COMMIT": { says: COMMIT, ahead: true },
} satisfies Record<string, Pick<Rule, "says" | "ahead">>;

export type Phase = keyof typeof PHASES;

/** Freezes an import's link in one phase. */
export function freezesIn(phase: Phase, directions: readonly Direction[] = BOTH): void {
  const which = directions.length === 2 ? "" : ` ${directions[0].replace("_", " the ")}`;
  onProxy(
    `an import whose link${which} freezes ${phase} is rolled back, and soon retried`,
    async (proxy, database) => {
      const file = roster("frozen", 20_000);
      let frozen = 0;
      proxy.when({
        ...PHASES[phase],
        once: true,
        act: (connection) => {
          frozen++;
          connection.freeze(directions);
        },
      });
      const start = performance.now();
      await database.drop(file);
      await database.unreachableBecause(/froze/);
      const told = performance.now() - start;

      await database.recovers(file);
      assert.equal(frozen, 1);
      assert.ok(told < 10_000, `reported after ${Math.round(told)} ms`);
      assert.equal(database.logged("database_away").length, 1);
      assert.equal(database.logged("database_usable").length, 2, "at the start, and again");
      survived({ fault: `link${which} frozen ${phase}`, injected: frozen, checks: database.outside.checks });
    },
  );
}
