import assert from "node:assert/strict";
import { readDamagedFiles } from "./damage.ts";

const FILES = 2_000;

Deno.test(`${FILES} damaged rosters neither crash nor stop the reader, and their undamaged records are kept`, async () => {
  const { compared, kept } = await readDamagedFiles(FILES, 1);
  assert.ok(compared > FILES / 2 && kept > FILES, `${compared} compared, ${kept} records kept`);
});
