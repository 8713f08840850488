/** The long run of `export_settings_property_test.ts`: thousands of imports, which must cover every result. */
import assert from "node:assert/strict";
import { onServer } from "../roster_database.ts";
import { runStories } from "./run.ts";

/** The results that must occur in the generated sequences for the test to cover enough cases. */
const MUST_BE_SEEN = [
  ..."created updated unchanged archived reactivated skipped failed missing_archived".split(" "),
  ..."9014 9015 9019 9022 9030 9031 9033".split(" "),
  ..."header spreadsheet_damage kept login_source province active city".split(" "),
];

onServer("thousands of imports with random export settings match the model", async (db) => {
  const seen = await runStories(db, { numRuns: 2_000, endOnFailure: true });
  console.error(Object.fromEntries([...seen].sort()));
  assert.deepEqual(MUST_BE_SEEN.filter((name) => !seen.has(name)), []);
});
