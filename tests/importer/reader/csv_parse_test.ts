import assert from "node:assert/strict";
import { compare } from "./comparing.ts";
import { CSV_PARSE } from "./csv_parse.ts";

const FILES = 500;

Deno.test(`${FILES} generated files are read or refused exactly as by csv-parse`, async () => {
  const { whole, refused } = await compare(CSV_PARSE, { files: FILES, seed: 1 });
  assert.ok(whole > FILES / 4 && refused > FILES / 4, `${whole} read whole, ${refused} refused`);
});
