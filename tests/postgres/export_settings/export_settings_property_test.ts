/** For random export settings, users and rosters, imports and dry runs follow docs/file-format.md. */
import { onServer } from "../roster_database.ts";
import { runStories } from "./run.ts";

onServer("imports with random value maps, defaults, date formats and fill-only columns match the model", async (db) => {
  await runStories(db, { numRuns: 40, interruptAfterTimeLimit: 3_000 });
});
