import assert from "node:assert/strict";
import { COLUMNS } from "../../../src/domain/columns.ts";
import { edits, nearestName } from "../../../src/importer/checks/nearest_name.ts";

const columnFor = (header: string) => nearestName(header)?.column ?? null;

Deno.test("a misspelt header is near the column that it was meant to be", () => {
  const misspelt: Record<string, string> = {
    "Frist Name": "first_name",
    "lastname_": "last_name",
    "unique-idd": "unique_id",
    "loginsuorce": "login_source",
    "emial": "email",
    "e-mail adress": "email",
    "user uid": "unique_id",
    "postalcod": "postal_code",
    "date of brith": "data_of_birth",
    "drivers_lisence_num": "drivers_license_num",
    Provence: "province",
  };
  for (const [header, column] of Object.entries(misspelt)) assert.equal(columnFor(header), column, header);
});

Deno.test("a header that is like no column has no near name", () => {
  for (
    const header of ["", "id", "zi", "department", "notes", "first", "name", "x".repeat(70_000), "фамилия", "cities!"]
  ) {
    assert.equal(columnFor(header), null, header.slice(0, 20));
  }
});

Deno.test("a near name tells the spelling that was met, and every known name is nearest to itself", () => {
  assert.deepEqual(nearestName("emailaddres"), { name: "email_address", column: "email" });
  for (const { name, otherNames } of COLUMNS) {
    for (const one of [name, ...otherNames]) if (one.length > 3) assert.equal(columnFor(one), name);
  }
});

Deno.test("adding, leaving out, replacing and swapping neighbours are one edit each", () => {
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
