/** Runs the same test as `damage_test.ts` on many more files, which differ in each run. */
import { survived } from "../../faults/verdict.ts";
import { readDamagedFiles } from "./damage.ts";

const FILES = 100_000;

Deno.test(`${FILES} damaged rosters neither crash nor stop the reader, and their undamaged records are kept`, async () => {
  const { kept } = await readDamagedFiles(FILES, Date.now() % 1_000_000);
  // The verdict: each file was read in time without a crash, and every undamaged record was kept.
  survived({ fault: "contents: damaged rosters", injected: FILES, checks: FILES + kept });
});
