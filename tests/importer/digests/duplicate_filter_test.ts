import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSettings } from "../../../src/domain/parse_settings.ts";
import { createCheck } from "../../../src/importer/checks/check.ts";
import { openRoster } from "../../../src/importer/csv/roster.ts";
import { DuplicateFilter, foldCase, type PossibleDuplicate } from "../../../src/importer/digests/duplicate_filter.ts";
import { chunksOf, utf8 } from "../../support/memory_file.ts";

/** The possible duplicates of a roster; `size` is the length of its text. */
async function suspectsOf(text: string, size?: number): Promise<readonly PossibleDuplicate[]> {
  const bytes = utf8(text), settings = parseSettings({});
  const { header, records } = await openRoster(() => chunksOf(bytes, 65_536), settings, false);
  const check = createCheck(header, settings, "2026-11-23");
  const suspects = new DuplicateFilter(size ?? bytes.length);
  for await (const batch of records()) {
    check(batch);
    suspects.note(batch, header);
  }
  return suspects.take();
}

const HEADER = "unique_id,login_source,user_name,email,city\n";

Deno.test("a repeated value is a possible duplicate, but not an empty value or a value in another column", async () => {
  const text = HEADER +
    "1,ldap,anna,a@x.org,Ottawa\n2,ldap,bob,,Ottawa\n1,ldap,,,Ottawa\n3,ldap,bob,a@x.org,Ottawa\n4,ldap,,,\n";
  assert.deepEqual(await suspectsOf(text), [
    { what: "unique_id", key: "1" },
    { what: "user_name", key: "bob" },
    { what: "email", key: "a@x.org" },
  ]);
});

Deno.test("the letter case of A–Z is ignored in user_name and email, but counts in unique_id", async () => {
  const text = HEADER + "a,l,Anna,É@x.org,\nA,l,ANNA,é@x.org,\nb,l,x,Z@X.org,\nc,l,y,z@x.ORG,\n";
  assert.deepEqual(await suspectsOf(text), [
    { what: "user_name", key: "anna" },
    // A false positive. The database then finds that the two values differ.
    { what: "email", key: "é@x.org" },
    { what: "email", key: "z@x.org" },
  ]);
  assert.equal(foldCase("ÀBC-éZ@[`"), "Àbc-éz@[`");
});

Deno.test("values are compared without quotes, leading or trailing spaces and guard", async () => {
  const text = HEADER + '007,l,"a""b",,\n" \'007 ",l,"a""b",,\n';
  assert.deepEqual(await suspectsOf(text), [{ what: "unique_id", key: "007" }, { what: "user_name", key: 'a"b' }]);
});

Deno.test("malformed records and cleared values are not possible duplicates, but records with other problems are", async () => {
  const cleared = HEADER + "1,l,(clear),(clear),\n2,l,(clear),(clear),\n";
  assert.deepEqual(await suspectsOf(cleared), []);
  assert.deepEqual(await suspectsOf(HEADER + "1,l,,,\n1,l,,\n2,,,,\n2,,,,\n"), [{ what: "unique_id", key: "2" }]);
});

Deno.test("the same value in different columns is not a possible duplicate, because most user names equal the unique_id", async () => {
  const rows = Array.from({ length: 50_000 }, (_, at) => `u${at},ldap,u${at},u${at}@x.org,Ottawa\n`);
  const suspects = await suspectsOf(HEADER + rows.join(""), rows.length * 182);
  assert.ok(suspects.length < rows.length * 3 * 0.05, `${suspects.length} of ${rows.length * 3}`);
});

Deno.test("no repeated value is ever missed, however small the filter", async () => {
  const value = fc.integer({ min: 0, max: 3_000 });
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 2_000 }), async (ids) => {
      const suspects = new Set(
        (await suspectsOf(HEADER + ids.map((id) => `id-${id},l,,,\n`).join(""), 1)).map(({ key }) => key),
      );
      const repeated = ids.filter((id, at) => ids.indexOf(id) < at).map((id) => `id-${id}`);
      for (const id of repeated) assert.ok(suspects.has(id), id);
    }),
    { numRuns: 100 },
  );
});

Deno.test("many possible duplicates can be taken in parts, and none is returned twice", async () => {
  const settings = parseSettings({}), text = utf8(HEADER + "1,l,,,\n".repeat(45_000));
  const { header, records } = await openRoster(() => chunksOf(text, 65_536), settings, false);
  const suspects = new DuplicateFilter(text.length), parts: number[] = [];
  for await (const batch of records()) {
    suspects.note(batch, header);
    if (suspects.isLarge) parts.push(suspects.take().length);
  }
  parts.push(suspects.take().length);
  assert.ok(parts.length > 2);
  assert.equal(parts.reduce((all, part) => all + part), 44_999);
});

Deno.test("few unique values are mistaken for duplicates, whatever the length of records and the size of the file", async () => {
  for (const count of [1_000, 30_000, 100_000]) {
    for (const row of ["u#,l,,,\n", "u#,l,u#,u#@x.org,\n", `u#,l,u#,u#@x.org,${"x".repeat(200)}\n`]) {
      const text = HEADER + Array.from({ length: count }, (_, at) => row.replaceAll("#", String(at))).join("");
      const suspects = await suspectsOf(text);
      assert.ok(suspects.length <= count / 250, `${suspects.length} of ${count}, like ${row}`);
    }
  }
});

Deno.test("the filter grows when later records are shorter than the first", async () => {
  const rows = Array.from({ length: 200_000 }, (_, at) => `u${at},l,,,${at < 300 ? "x".repeat(5_000) : ""}\n`);
  const suspects = await suspectsOf(HEADER + rows.join(""));
  assert.ok(suspects.length < 1_000, `${suspects.length}`);
});

Deno.test("the filter never takes more than 64 MiB", async () => {
  const tiny = await bytesAllocated(1_000), huge = await bytesAllocated(1e15);
  assert.ok(huge - tiny <= 65 * 2 ** 20, `${(huge - tiny) / 2 ** 20} MiB`);
  assert.ok(huge - tiny >= 63 * 2 ** 20, "the filter's memory is counted");
});

/** The test therefore counts the allocated words. The process's memory also depends on when garbage is collected. */
async function bytesAllocated(size: number): Promise<number> {
  const Words = Int32Array;
  let bytes = 0;
  globalThis.Int32Array = class extends Words {
    constructor(length: number) {
      super(length);
      bytes += this.byteLength;
    }
  } as typeof Int32Array;
  try {
    assert.deepEqual(await suspectsOf(HEADER + "1,l,,,\n2,l,,,\n", size), []);
  } finally {
    globalThis.Int32Array = Words;
  }
  return bytes;
}
