import assert from "node:assert/strict";
import { COLUMNS } from "../../../src/domain/columns.ts";
import { nearestName } from "../../../src/importer/checks/nearest_name.ts";

const columnFor = (header: string) => nearestName(header)?.column ?? null;

Deno.test("a misspelt header is nearest to the intended column", () => {
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

Deno.test("a header that resembles no column has no nearest name", () => {
  for (
    const header of ["", "id", "zi", "department", "notes", "first", "name", "x".repeat(70_000), "фамилия", "cities!"]
  ) {
    assert.equal(columnFor(header), null, header.slice(0, 20));
  }
});

Deno.test("the nearest name is the spelling that matched, and every known name is nearest to itself", () => {
  assert.deepEqual(nearestName("emailaddres"), { name: "email_address", column: "email" });
  for (const { name, otherNames } of COLUMNS) {
    for (const one of [name, ...otherNames]) if (one.length > 3) assert.equal(columnFor(one), name);
  }
});
