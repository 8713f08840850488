/** What any sequence of imports and decisions does to people: the database and the model of the contract come to the same. */
import { runSequences } from "./people_model_run.ts";
import { onServer } from "../roster_database.ts";

onServer("users, permits, counts, holds and answers are what the model says, whatever happens", async (db) => {
  const seen = await runSequences(db, 40, 10, 12_000);
  console.log(`people: ${seen.get("sequences")} sequences with ${seen.get("import")} imports, and no difference`);
});
