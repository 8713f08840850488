/** The generated tables in `docs/` match the source. */
import assert from "node:assert/strict";
import { BLOCKS, withTable } from "../../.ci/docs.ts";

for (const block of BLOCKS) {
  Deno.test(`the table of ${block.name} in docs/${block.page} matches the source (to update it: deno task docs)`, async () => {
    const page = await Deno.readTextFile(new URL(`../../docs/${block.page}`, import.meta.url));
    assert.equal(page, withTable(page, block));
  });
}

Deno.test("a page without the markers of its table is refused", () => {
  assert.throws(() => withTable("# Settings\n", BLOCKS[0]), /markers of "settings" are missing/);
});
