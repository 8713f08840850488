import assert from "node:assert/strict";
import { edits, nearest } from "../../src/runtime/nearest.ts";

Deno.test("a mistyped word matches the nearest candidate, and a word that resembles none matches none", () => {
  const commands = ["import", "imports", "imports show", "doctor"];
  const cases: [string, string | null][] = [
    ["imprt", "import"],
    ["improts", "imports"],
    ["docotr", "doctor"],
    ["initialise", null],
    ["", null],
  ];
  for (const [word, meant] of cases) assert.equal(nearest(word, commands), meant, word);
});

Deno.test("adding, dropping or replacing a letter, or swapping two neighbouring letters, is one edit", () => {
  const cases: [string, string, number][] = [
    ["email", "email", 0],
    ["email", "emaill", 1],
    ["email", "mail", 1],
    ["email", "enail", 1],
    ["email", "emial", 1],
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["ca", "abc", 3],
    ["abcd", "badc", 2],
  ];
  for (const [a, b, expected] of cases) {
    assert.equal(edits(a, b), expected, `${a} ${b}`);
    assert.equal(edits(b, a), expected, `${b} ${a}`);
  }
  assert.ok(edits("a", "abcdef") > 3);
});
