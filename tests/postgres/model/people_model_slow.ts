/** The long run of `people_model_test.ts`: thousands of imports, which must cover every result. */
import assert from "node:assert/strict";
import { runSequences } from "./people_model_run.ts";
import { onServer } from "../roster_database.ts";

/** The results that must occur in the sequences for the test to cover enough cases. */
const MUST_BE_SEEN = [
  ..."created updated unchanged archived reactivated held skipped failed permits_released missing_archived missing_held renamed merged"
    .split(" ").map((name) => `import: ${name}`),
  "import: missing_users_kept",
  "import: values_fail",
  "import: kept",
  "import: kept_by_other_feed",
  "import: changes_held",
  "import: grace_begun",
  "import: grace_over",
  "erase: erased",
  "erase: active",
  "erase: active_permit",
  "undo: the user has been erased",
  "approve: archived",
  "approve: disabled",
  "approve: permits_released",
  "approve: the user no longer exists",
  "approve: a later roster says otherwise (import, …)",
  "approve: the user is already archived",
  "approve: the user is no longer active",
  "approve: nothing_held",
  "approve: hold_is_over",
  "approve: applied",
  "approve: more_changes",
  "approve: no_such_feed",
  "discard: discarded",
  "undo: restored",
  "undo: archived",
  "undo: permits_restored",
  "undo: permits_released",
  "undo: the user no longer exists",
  "undo: city has changed since",
  "undo: active has changed since",
  "undo: what the feed says has changed since",
  "undo: email is now taken by user …",
  "undo: permit … stays released: another active permit has its number",
  "undo: permit … stays as it is: it has changed since",
  "undo: not_the_latest",
  "undo: nothing_changed",
  "undo: undone_already",
];

onServer("users, permits, counts, holds and results match the model in 1,500 sequences", async (db) => {
  const begun = performance.now();
  const seen = await runSequences(db, 1_500, 12);
  const seconds = Math.round((performance.now() - begun) / 1_000);
  console.log(`people: ${seen.get("sequences")} sequences in ${seconds} s, and no difference`);
  console.log([...seen].sort().map(([what, times]) => `  ${times} × ${what}`).join("\n"));
  assert.deepEqual(MUST_BE_SEEN.filter((what) => !seen.has(what)), []);
});
