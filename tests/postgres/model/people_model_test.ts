/** After any sequence of imports and decisions, the database matches the model. */
import { runSequences } from "./people_model_run.ts";
import { onServer } from "../roster_database.ts";

onServer("users, permits, counts, holds and results match the model after any sequence", async (db) => {
  const seen = await runSequences(db, 40, 10, 12_000);
  console.log(`people: ${seen.get("sequences")} sequences with ${seen.get("import")} imports, and no difference`);
});
