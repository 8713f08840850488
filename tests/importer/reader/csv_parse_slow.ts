/** Performs the same comparison as `csv_parse_test.ts` with many more files, which differ in each run. */
import { compare } from "./comparing.ts";
import { CSV_PARSE } from "./csv_parse.ts";

const FILES = 20_000;

Deno.test(`${FILES} generated files are read exactly as by csv-parse`, async () => {
  await compare(CSV_PARSE, { files: FILES, seed: Date.now() % 1_000_000 });
});
