/** The damage of `damage_test.ts` to many more files, others in each run. */
import { readDamagedFiles } from "./damage.ts";

const FILES = 100_000;

Deno.test(`${FILES} damaged rosters neither crash nor stop the reader, and keep their records beside the damage`, async () => {
  await readDamagedFiles(FILES, Date.now() % 1_000_000);
});
