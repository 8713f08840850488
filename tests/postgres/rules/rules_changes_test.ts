/** For every combination of user, record, settings and feeds, the change guard follows `rules_changes.ts`. */
import assert from "node:assert/strict";
import type { Settings } from "../../../src/domain/settings.ts";
import { csvOf, onServer } from "../roster_database.ts";
import { CHANGES } from "./rules_changes.ts";
import { lookUp, product } from "./rules_table.ts";

const CIRCUMSTANCES = product<Record<"nothing" | "fill", string>>({ nothing: ["keep", "clear"], fill: ["yes", "no"] });

const CASES = product<Record<"before" | "record" | "other", string>>({
  before: ["unknown", "empty", "value"],
  record: ["same", "other", "empty", "clear", "failed", "absent"],
  other: ["none", "earlier", "later"],
}).map((one) => ({ ...one, id: Object.values(one).join("-") }));

const VALUES: Record<string, string> = { other: "Hull", empty: "", clear: "(clear)", failed: "Hull" };

onServer("the change guard follows its table for every user", async (db) => {
  const used = new Set<Record<string, string>>();
  const known = CASES.filter(({ before }) => before !== "unknown");
  await db.addUsers(...known.map(({ id, before, other }) => ({
    unique_id: id,
    city: before === "value" ? "Ottawa" : null,
    feeds: { students: true, ...(other === "none" ? {} : { [other]: true }) },
  })));
  const before = await db.users();
  for (const circumstances of CIRCUMSTANCES) {
    const settings: Partial<Settings> = {
      empty_values: circumstances.nothing as "keep",
      fill_only_columns: circumstances.fill === "yes" ? ["city"] : [],
      change_guard: { max_percent: 0, min_users: 0 },
      feeds: { earlier: {}, students: {}, later: {} },
    };
    const expected = { counts: new Set<string>(), known: 0 };
    for (const { id, ...facts } of CASES) {
      const row = lookUp(CHANGES, { ...facts, ...circumstances });
      used.add(row);
      if (row.counts === "yes") expected.counts.add(id);
      if (row.known === "yes") expected.known++;
    }
    const roster = csvOf(
      CASES.filter(({ record }) => record !== "absent").map(({ id, before, record }) => ({
        unique_id: id,
        login_source: "ldap",
        city: VALUES[record] ?? (before === "value" ? "Ottawa" : ""),
        province: record === "failed" ? "Ontario" : "",
      })),
    );

    const way = { feed: "students", settings };
    const { status } = await db.import(roster, way);
    const { held_columns } = await db.check(roster, way);

    const context = JSON.stringify(circumstances);
    assert.equal(status, "held", context);
    const [{ column, users, known_users, examples }] = held_columns;
    assert.deepEqual([column, users, known_users], ["city", expected.counts.size, expected.known], context);
    assert.deepEqual(new Set(examples.map(({ unique_id }) => unique_id)), expected.counts, context);
    assert.deepEqual(await db.users(), before, `nothing is applied, ${context}`);
  }
  assert.deepEqual(CHANGES.filter((row) => !used.has(row)), [], "every row of the table was looked up");
  console.log(`change guard: ${CIRCUMSTANCES.length * CASES.length} combinations of user, record and settings hold`);
});
