import assert from "node:assert/strict";
import { compare } from "./comparing.ts";
import { hasPython, Python } from "./python_csv.ts";

const FILES = 500;
const python = await hasPython();
if (!python) console.error("LEFT OUT: the comparison with Python's csv module, because there is no python3 here");

Deno.test({
  name: `${FILES} generated files are read as Python's csv module reads them${python ? "" : " (no python3 here)"}`,
  ignore: !python,
  fn: async () => {
    await using other = new Python();
    const { whole, refused } = await compare(other, { files: FILES, seed: 1 });
    assert.ok(whole > FILES / 4 && refused > FILES / 4, `${whole} read whole, ${refused} refused`);
  },
});
