/** The model test of `people_model_test.ts` for long: thousands of imports, and everything that can happen does. */
import assert from "node:assert/strict";
import { runSequences } from "./people_model_run.ts";
import { onServer } from "../roster_database.ts";

/** What must come about in so many sequences; else they show less than they seem to. */
const MUST_BE_SEEN = [
  ..."created updated unchanged archived reactivated held skipped failed permits_released missing_archived missing_held"
    .split(" ").map((name) => `import: ${name}`),
  "import: missing_users_kept",
  "approve: archived",
  "approve: disabled",
  "approve: permits_released",
  "approve: the user no longer exists",
  "approve: a later roster says otherwise (import, …)",
  "approve: the user is archived already",
  "approve: the user is not active any more",
  "approve: nothing_held",
  "approve: hold_is_over",
  "discard: discarded",
  "undo: restored",
  "undo: archived",
  "undo: permits_restored",
  "undo: permits_released",
  "undo: the user no longer exists",
  "undo: a value was changed since",
  "undo: active was changed since",
  "undo: email is taken by user … now",
  "undo: permit … stays released: another active permit bears its number",
  "undo: permit … stays as it is: it was changed since",
  "undo: not_the_latest",
  "undo: nothing_changed",
  "undo: undone_already",
];

onServer("users, permits, counts, holds and answers are what the model says, in 1,000 sequences", async (db) => {
  const begun = performance.now();
  const seen = await runSequences(db, 1_000, 16);
  const seconds = Math.round((performance.now() - begun) / 1_000);
  console.log(`people: ${seen.get("sequences")} sequences in ${seconds} s, and no difference`);
  console.log([...seen].sort().map(([what, times]) => `  ${times} × ${what}`).join("\n"));
  assert.deepEqual(MUST_BE_SEEN.filter((what) => !seen.has(what)), []);
});
