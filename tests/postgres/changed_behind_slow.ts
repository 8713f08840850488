/** Tests many more changes by other programs, and imports a small roster every night for two years. */
import assert from "node:assert/strict";
import { ROSTER } from "./changed_behind_cases.ts";
import { requireAnyChangesAreSeen } from "./changed_behind_property.ts";
import { onServer } from "./roster_database.ts";

onServer("imports notice changes by other programs in hundreds of random sequences", async (db) => {
  await requireAnyChangesAreSeen(db, { numRuns: 400 });
});

onServer("after two years, a small roster is imported about as fast as in the first month", async (db) => {
  const took: number[] = [];
  for (let night = 0; night < 730; night++) {
    const changed = night % 2 === 0 ? ROSTER : ROSTER.replaceAll("so long", `so long ${night}`);
    const start = performance.now();
    await db.import(changed);
    took.push(performance.now() - start);
  }
  const median = (times: number[]) => times.toSorted((a, b) => a - b)[times.length >> 1];
  const [first, second] = [median(took.slice(2, 32)), median(took.slice(-30))];
  console.error(`nights 3 to 32: ${first.toFixed(1)} ms, the last 30 of two years: ${second.toFixed(1)} ms`);
  assert.ok(second < 2 * first + 20, `${second} ms instead of ${first} ms`);
});
