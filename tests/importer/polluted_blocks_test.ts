/**
 * Rosters from spreadsheets, which make all rows in a block of 16 as wide as the widest one, and from exporters that
 * end each record with a delimiter. Even if a record has missing or surplus values at its end, no value moves to
 * another column. The same is true for records that have lost a delimiter.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSettings } from "../../src/domain/parse_settings.ts";
import { ReadingNotes } from "../../src/importer/csv/reading_notes.ts";
import { openRoster } from "../../src/importer/csv/roster.ts";
import { fileOf, recordsOf } from "../support/memory_file.ts";

const HEADER = ["unique_id", "login_source", "first_name", "street", "street2", "city2"];

/**
 * The last columns are often empty. The first columns are never empty, because a record without their values fails
 * anyway.
 */
const record = fc.tuple(
  fc.constantFrom("Ann", "Bob", ""),
  fc.constantFrom("Main St", ""),
  fc.constantFrom("", "", "", "Annex"),
  fc.constantFrom("", "", "", "", "", "Hull"),
);
const roster = fc.array(record, { minLength: 1, maxLength: 70 }).map((records) =>
  records.map((values, at) => [`u${at}`, "SSO", ...values])
);

const widthOf = (values: readonly string[]) => values.findLastIndex((value) => value !== "") + 1;

/** Makes every row as wide as the widest row of its block. The header is the first row. */
function asSpreadsheet(rows: readonly string[][]): string[][] {
  return rows.map((row, at) => {
    const block = rows.slice(Math.floor(at / 16) * 16, Math.floor(at / 16) * 16 + 16);
    const width = Math.max(...block.map(widthOf));
    return [...row, ...Array(width).fill("")].slice(0, width);
  });
}

/** Joins a value to the next one, as if the delimiter between them had been lost. */
function withoutDelimiter(row: readonly string[], place: number): string[] {
  const at = place % (row.length - 1);
  return [...row.slice(0, at), row[at] + row[at + 1], ...row.slice(at + 2)];
}

async function read(rows: readonly string[][], chunk: number) {
  const file = fileOf(rows.map((row) => row.join(",") + "\r\n").join(""), { chunk });
  const { records } = await openRoster(() => file.read(), parseSettings({}), false), notes = new ReadingNotes();
  return { records: await recordsOf(records(undefined, notes)), notes };
}

const chunk = fc.constantFrom(1, 7, 65_536);

Deno.test("a file that a spreadsheet saved in blocks is read correctly", async () => {
  await fc.assert(
    fc.asyncProperty(roster, chunk, async (rows, chunk) => {
      const saved = asSpreadsheet([HEADER, ...rows]);
      const { records } = await read(saved, chunk);
      assert.equal(records.length, rows.length);
      records.forEach((one, at) => {
        // The last block is left out if it has fewer than four records.
        const isTail = rows.length - at < 16 && (rows.length + 1) % 16 < 4 && (rows.length + 1) % 16 > 0;
        if (!isTail) assert.deepEqual("values" in one && one.values, rows[at]);
      });
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("in a block from a spreadsheet, only the record that lost a delimiter fails", async () => {
  await fc.assert(
    fc.asyncProperty(roster, fc.nat(), fc.nat(), chunk, async (rows, which, place, chunk) => {
      const saved = asSpreadsheet([HEADER, ...rows]);
      const at = which % rows.length;
      saved[at + 1] = withoutDelimiter(saved[at + 1], place);
      const { records } = await read(saved, chunk);
      assert.ok("why" in records[at], `record ${at} was taken as ${JSON.stringify(records[at])}`);
      records.forEach((one, other) => {
        if ("values" in one) assert.deepEqual(one.values, rows[other]);
        const block = Math.floor((other + 1) / 16), size = saved.slice(block * 16, block * 16 + 16).length;
        if (size > 6 && other !== at) assert.ok("values" in one, `record ${other} fails, too`);
      });
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("if each record ends with a delimiter, a record that lost any delimiter fails", async () => {
  const surplus = fc.integer({ min: 1, max: 3 });
  const isWide = (rows: string[][]) => rows.length > 2;
  await fc.assert(
    fc.asyncProperty(
      roster.filter(isWide),
      surplus,
      fc.nat(),
      fc.nat(),
      chunk,
      async (rows, surplus, which, place, chunk) => {
        const written = rows.map((row) => [...row, ...Array(surplus).fill("")]);
        const whole = await read([HEADER, ...written], chunk);
        assert.deepEqual(whole.records.map((one) => "values" in one && one.values), rows);
        const at = which % rows.length;
        written[at] = withoutDelimiter(written[at], place % (HEADER.length - 1));
        const { records } = await read([HEADER, ...written], chunk);
        assert.ok("why" in records[at], `record ${at} was taken as ${JSON.stringify(records[at])}`);
        assert.deepEqual(records.filter((_, other) => other !== at), whole.records.filter((_, other) => other !== at));
      },
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("fewer than four short records fail, and so does any number beside a record of full width", async () => {
  const kinds = async (rows: string[][]) =>
    (await read([HEADER, ...rows], 65_536)).records.map((one) => "why" in one ? one.why.kind : "good");
  const short = (id: string) => [id, "SSO", "Ann"], full = (id: string) => [id, "SSO", "Ann", "", "", ""];
  assert.deepEqual(await kinds(["1", "2", "3"].map(short)), Array(3).fill("too_few_values"));
  assert.deepEqual(await kinds(["1", "2", "3", "4"].map(short)), Array(4).fill("good"));
  assert.deepEqual(await kinds([...["1", "2", "3", "4"].map(short), full("5")]), [
    ...Array(4).fill("too_few_values"),
    "more_than_others",
  ]);
  assert.deepEqual(await kinds([full("5"), ...["1", "2", "3", "4"].map(short)]), [
    "more_than_others",
    ...Array(4).fill("too_few_values"),
  ]);
});
