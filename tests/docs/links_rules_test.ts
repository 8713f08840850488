/** Tests how the documentation tests parse Markdown. */
import assert from "node:assert/strict";
import { anchorsOf, linksOf, referencesIn } from "./links.ts";

Deno.test("the anchor of a heading is lower case, has no punctuation, and gets a number if it repeats", () => {
  const page = "# One page\n\n## Cut-off uploads\n\n```sh\n# no heading\n```\n\n## With `curl`!\n\n### With curl\n";
  assert.deepEqual([...anchorsOf(page)], ["one-page", "cut-off-uploads", "with-curl", "with-curl-1"]);
});

Deno.test("links are found in text, around code and in HTML, but not inside code", () => {
  const page =
    'See [a](a.md#b), [`c`](c.ts), ![p](p.png), <img src="i.png"> and `[no](no.md)`.\n\n```md\n[no](no.md)\n```\n';
  assert.deepEqual(linksOf(page), ["a.md#b", "c.ts", "p.png", "i.png"]);
});

Deno.test("a comment names a page of docs/, with or without a heading", () => {
  const source = "/** See docs/http.md, and (docs/decisions/no-http2.md#why). Not other/docs/x.md. */";
  assert.deepEqual(referencesIn(source), ["docs/http.md", "docs/decisions/no-http2.md#why"]);
});
