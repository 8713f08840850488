/** The phrases that the language lint refuses, and the text it checks. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { findAllPhrases, findPhrases, type Found, PHRASES } from "../../.ci/language.ts";

const places = (found: readonly Found[]) => found.map(({ file, line, text }) => `${file}:${line}: ${text}`);

/** Assembles the text of a test so that the lint does not find the phrase in this file. */
const testOf = (name: string, call = "Deno.test") => `${call}(${JSON.stringify(name)}, run);`;

for (const phrase of PHRASES) {
  Deno.test(`a sentence such as “${phrase.good}” passes, “${phrase.bad}” does not`, () => {
    assert.equal(findPhrases("README.md", phrase.bad).length, 1);
    assert.equal(findPhrases("README.md", phrase.good).length, 0);
    for (const { reason, better } of findPhrases("README.md", phrase.bad).map(({ phrase }) => phrase)) {
      assert.ok(reason !== "" && better !== "");
    }
  });
}

Deno.test("comments and strings are checked, but names and regular expressions are not", () => {
  const text = [
    'const anew = /anew"/.test(mend); // Plans anew.',
    'log.warn("planned anew", anew);',
    "const text = `${anew} is planned anew`;",
    "const quoted = 'It\\'s anew';",
    "/** `anew` is a name, but this is planned",
    " * anew, so",
    " * many times. */",
  ].join("\n");
  assert.deepEqual(places(findPhrases("src/a.ts", text)), [
    "src/a.ts:1: anew",
    "src/a.ts:2: anew",
    "src/a.ts:3: anew",
    "src/a.ts:4: anew",
    "src/a.ts:6: so many",
    "src/a.ts:6: anew",
  ]);
});

Deno.test("comments and texts of SQL are checked", () => {
  const sql = "-- Plans\n-- anew.\nselect case when mend then 1 else 2 end, 'it is planned anew' from anew;\n";
  assert.deepEqual(places(findPhrases("src/a.sql", sql)), ["src/a.sql:2: anew", "src/a.sql:3: anew"]);
});

Deno.test("a word that is refused in messages is allowed in comments", () => {
  assert.deepEqual(places(findPhrases("src/a.ts", '// Nobody waits.\nthrow new Error("nobody waits");\n')), [
    "src/a.ts:2: nobody",
  ]);
});

Deno.test("in a test file, only the names of tests are checked", () => {
  const test = [
    "// Plans anew.",
    testOf("plans anew"),
    testOf("mends it", "onServer"),
    `Deno.test({ ${"name"}:\n    "whoever comes", fn: () => check("anew") });`,
  ].join("\n");
  assert.deepEqual(places(findPhrases("tests/a_test.ts", test)), [
    "tests/a_test.ts:2: anew",
    "tests/a_test.ts:3: mends",
    "tests/a_test.ts:5: whoever",
  ]);
});

Deno.test("everything in a document except its code examples is checked", () => {
  const text = "# Anew\n\n```sh\nrosterd mend\n```\nSet `anew` anew.\n";
  assert.deepEqual(places(findPhrases("docs/a.md", text)), ["docs/a.md:1: Anew", "docs/a.md:6: anew"]);
});

Deno.test("sources, documents and tests are all checked", async () => {
  const root = await Deno.makeTempDir({ prefix: "rosterd-test-" });
  try {
    const files = {
      "README.md": "It plans anew.",
      "docs/deep/page.md": "It plans anew.",
      "src/cli/a.ts": "// Plans anew.",
      "src/cli/templates/a.sh": "# Made anew.",
      "src/page/a.html": "<p>Try anew</p>",
      "src/picture.svg": "anew",
      "tests/cli/a_test.ts": testOf("plans anew"),
      "tests/testdata/anew.csv": "anew",
    };
    for (const [path, content] of Object.entries(files)) {
      await Deno.mkdir(join(root, dirname(path)), { recursive: true });
      await Deno.writeTextFile(join(root, path), content);
    }
    const found = (await findAllPhrases(root)).map(({ file }) => file).sort();
    assert.deepEqual(found, Object.keys(files).filter((path) => !/svg|csv/.test(path)).sort());
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
