import assert from "node:assert/strict";
import { Batch, isUtf8, skipBlanks, trimBlanksBefore } from "../../../src/importer/csv/batch.ts";
import { readRecords } from "../../../src/importer/csv/csv.ts";
import { chunksOf, recordOf, recordsOf, utf8 } from "../../support/memory_file.ts";

const OPTIONS = { delimiter: 0x2c, line: 1, validate: false };

/** The first batch of a text. */
async function batchOf(text: string): Promise<Batch> {
  const { value } = await readRecords(chunksOf(text, 65_536), OPTIONS).next();
  assert.ok(value instanceof Batch);
  return value;
}

const all = (batch: Batch) => Array.from({ length: batch.count }, (_, record) => recordOf(batch, record));

Deno.test("flags show whether a value was quoted, has doubled quotes, and is ASCII", async () => {
  const batch = await batchOf('a,"b","c""d",é,"é"""\n');
  const { QUOTED, DOUBLED_QUOTES, NOT_ASCII } = Batch;
  const expected = [0, QUOTED, QUOTED | DOUBLED_QUOTES, NOT_ASCII, QUOTED | DOUBLED_QUOTES | NOT_ASCII];
  assert.deepEqual([...batch.flags.subarray(0, 5)], expected);
});

Deno.test("a value has the same text before and after its quotes are unescaped in place, and its neighbours are unchanged", async () => {
  const batch = await batchOf('"""","a""""b","""é""",x\n');
  const meant = ['"', 'a""b', '"é"', "x"];
  const texts = () => meant.map((_, value) => batch.text(value));
  assert.deepEqual(texts(), meant);
  for (const value of [1, 0, 2]) batch.unescapeQuotes(value);
  assert.deepEqual(texts(), meant);
  assert.deepEqual([...batch.bytes.subarray(batch.start[0], batch.end[0])], [0x22]);
});

Deno.test("a byte order mark inside the text is part of its value", async () => {
  const batch = await batchOf("\ufeffa,\ufeff\n");
  assert.deepEqual([batch.text(0), batch.text(1)], ["\ufeffa", "\ufeff"]);
  assert.equal(batch.recordText(0), "\ufeffa,\ufeff");
});

Deno.test("long and short values are decoded alike", async () => {
  for (const length of [1, 63, 64, 65, 1_000]) {
    const value = "x".repeat(length);
    assert.equal((await batchOf(`${value},1\n`)).text(0), value);
  }
});

Deno.test("dropping the first record of a batch leaves the others unchanged", async () => {
  const rest = '1,2\n"3,4\n5,"6"\n7\n\n8,9\n';
  const batch = await batchOf("a,b\n" + rest);
  const before = all(batch);
  batch.drop(0);
  assert.deepEqual(all(batch), before.slice(1));
  const malformedFirst = await batchOf('"a"b\n1,2\n"c"d\n' + "3,4\n".repeat(16));
  const expected = all(malformedFirst).slice(1);
  malformedFirst.drop(0);
  assert.deepEqual(all(malformedFirst), expected);
  assert.equal(malformedFirst.malformed.size, 1);
  const header = await batchOf("a,b\n");
  header.drop(0);
  assert.equal(header.count, 0);
});

Deno.test("blanks are trimmed from both ends of a value, even if nothing remains", async () => {
  const blanks = "\u00a0 \t\u00a0";
  const batch = await batchOf(`"${blanks}x${blanks}y${blanks}","${blanks}","à","","\n \n"\n`);
  for (let value = 0; value < 5; value++) batch.trim(value);
  assert.deepEqual(recordOf(batch, 0), { line: 1, values: [`x${blanks}y`, "", "à", "", "\n \n"] });
});

Deno.test("blanks end at the delimiter, at the end, and before half a no-break space", () => {
  const bytes = utf8(" \t\u00a0x\u00a0\t ");
  assert.equal(skipBlanks(bytes, 0, bytes.length), 4);
  assert.equal(skipBlanks(bytes, 0, bytes.length, 0x09), 1);
  assert.equal(skipBlanks(bytes, 0, 3), 2);
  assert.equal(trimBlanksBefore(bytes, 0, bytes.length), 5);
  assert.equal(trimBlanksBefore(bytes, 6, bytes.length), 7);
});

Deno.test("many records, or records with many values, are split into several batches, whole and in order", async () => {
  const header = Array.from({ length: 900 }, (_, column) => `c${column}`).join(",");
  const record = (row: number) => Array.from({ length: 900 }, (_, column) => row * column).join(",");
  const rows = Array.from({ length: 200 }, (_, row) => record(row));
  const wide = await recordsOf(readRecords(chunksOf([header, ...rows, ""].join("\n"), 1 << 20), OPTIONS));
  assert.deepEqual(wide.map((seen) => "values" in seen && seen.values.join(",")), [header, ...rows]);

  const narrow = await recordsOf(readRecords(chunksOf("a,b\n".repeat(50_000), 65_536), OPTIONS));
  assert.deepEqual(narrow.map(({ line }) => line), Array.from({ length: 50_000 }, (_, at) => at + 1));
});

Deno.test("valid and invalid UTF-8 are distinguished", () => {
  assert.ok(isUtf8(utf8("é😀\ufeff")));
  for (const bytes of [[0xe9], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf5, 0x80, 0x80, 0x80]]) {
    assert.ok(!isUtf8(Uint8Array.from(bytes)));
  }
});
