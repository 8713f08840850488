/** Performs the same comparison as `python_csv_test.ts` with many more files, which differ in each run. */
import { compare } from "./comparing.ts";
import { hasPython, Python } from "./python_csv.ts";

const FILES = 20_000;
const python = await hasPython();
if (!python) console.error("LEFT OUT: the comparison with Python's csv module, because there is no python3 here");

Deno.test({
  name: `${FILES} generated files are read as Python's csv module reads them${python ? "" : " (no python3 here)"}`,
  ignore: !python,
  fn: async () => {
    await using other = new Python();
    await compare(other, { files: FILES, seed: Date.now() % 1_000_000 });
  },
});
