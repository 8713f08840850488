/**
 * The failed-records file contains the failed records unchanged. Once they are corrected, no record in the file fails
 * (docs/mail.md#failed-records-file).
 */
import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { foldHeader } from "../../src/domain/columns.ts";
import { parseSettings } from "../../src/domain/parse_settings.ts";
import { writeFailedFile } from "../../src/importer/files/failed_file.ts";
import { guard, unguarded } from "../../src/importer/checks/spreadsheet.ts";
import { fileOf } from "../support/memory_file.ts";
import { type CheckedRecord, type CheckedRoster, checkRoster, failedFileOf } from "./way_back/checked_roster.ts";
import { type GeneratedRoster, generatedRoster, MENDED, written } from "./way_back/generated_rosters.ts";

const OWN = ["rosterd_line", "rosterd_column", "rosterd_code", "rosterd_since", "rosterd_record", "rosterd_reason"];

interface WayBack extends GeneratedRoster {
  roster: CheckedRoster;
  failed: CheckedRecord[];
  /** The failed-records file. */
  file: Uint8Array;
}

/** A roster and the records that the database refuses. Records with problems fail anyway. */
const wayBack = fc.tuple(generatedRoster, fc.infiniteStream(fc.boolean()));
async function onTheWay([generated, refused]: [GeneratedRoster, Stream]): Promise<WayBack> {
  const roster = await checkRoster(generated.bytes, generated.settings);
  const failed = roster.records.filter(({ problems }) => problems.length > 0 || refused.next().value);
  const file = await failedFileOf(generated.bytes, failed, generated.settings);
  return { ...generated, roster, failed, file };
}
type Stream = Iterator<boolean>;

/** The rows of a failed-records file as another CSV reader sees them. */
function rowsOf(file: Uint8Array, delimiter: string): string[][] {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(file);
  const sep = [",", ";", "\t"].includes(delimiter) ? "" : `sep=${delimiter}\r\n`;
  assert.ok(text.startsWith(`\ufeff${sep}`));
  return parse(text.slice(1 + sep.length), { delimiter, record_delimiter: "\r\n" });
}

/** The values under headers other than rosterd's own. */
function keptValues({ header }: CheckedRoster, values: readonly string[]): string[] {
  return values.filter((_, at) => !header.own.includes(at));
}

function rowOf(record: CheckedRecord, { roster, kept }: WayBack): string[] {
  const { line, values, raw, problems } = record;
  // The values of the previous failed row.
  const rawText = roster.header.names.findIndex((name) => foldHeader(name) === "rosterdrecord");
  return [
    ...(values === null ? kept.map(() => "") : keptValues(roster, values).map(guard)),
    String(line),
    problems.map(({ column }) => column ?? "").join("; "),
    problems.map(({ code }) => code).join("; "),
    "2026-11-23T18:45:00Z",
    // Control characters would make the record malformed again.
    // deno-lint-ignore no-control-regex
    guard(values === null ? raw.replace(/\u0001/g, "\u2401") : unguarded(values[rawText] ?? "")),
    guard(problems.map(({ reason }) => reason).join("; ")),
  ];
}

Deno.test("the failed-records file has the roster's headers, delimiter and values, with one row per failed record", async () => {
  await fc.assert(
    fc.asyncProperty(wayBack, async (generated) => {
      const way = await onTheWay(generated);
      const rows = [[...way.kept.map(guard), ...OWN], ...way.failed.map((record) => rowOf(record, way))];
      assert.deepEqual(rowsOf(way.file, way.delimiter), rows);
    }),
    { numRuns: 300 },
  );
});

Deno.test("if the file is dropped back unchanged, exactly the failed records fail again, for the same reasons", async () => {
  await fc.assert(
    fc.asyncProperty(wayBack, async (generated) => {
      const way = await onTheWay(generated);
      assumeRecordsOnOneLine(way);
      const again = await checkRoster(way.file, way.settings);
      assert.deepEqual([again.delimiter, keptValues(again, again.header.names)], [
        way.delimiter,
        keptValues(way.roster, way.roster.header.names),
      ]);
      assert.equal(again.records.length, way.failed.length);
      for (const [at, record] of way.failed.entries()) assertSame(again.records[at], record);
    }),
    { numRuns: 300 },
  );
});

/**
 * In `rosterd_record`, the second line of a malformed record may look like a separate record, which then fails on its
 * own (docs/file-format.md#malformed-records).
 */
function assumeRecordsOnOneLine({ failed }: WayBack): void {
  fc.pre(failed.every(({ values, raw }) => values !== null || !/[\r\n]/.test(raw)));
}

/** Asserts that a malformed record's row contains no values other than the record's text. */
function assertSame(again: CheckedRecord, before: CheckedRecord): void {
  assert.notEqual(again.values, null);
  if (before.values === null) {
    assert.deepEqual(again.problems.map(({ code }) => code), ["9013", "9014"]);
    return;
  }
  assert.deepEqual([again.stored, again.problems], [before.stored, before.problems]);
}

Deno.test("after the cells with problems are corrected, no record fails, and every other value is stored unchanged", async () => {
  const quoting = fc.infiniteStream(fc.boolean());
  await fc.assert(
    fc.asyncProperty(wayBack, quoting, fc.constantFrom("\n", "\r\n"), async (generated, quoting, lineEnd) => {
      const way = await onTheWay(generated);
      assumeRecordsOnOneLine(way);
      const [header, ...rows] = rowsOf(way.file, way.delimiter);
      const corrected = rows.map((row, at) => mend(row, way.failed[at], way.roster, header));
      const sep = [",", ";", "\t"].includes(way.delimiter) ? "" : `sep=${way.delimiter}\n`;
      const saved = sep +
        [header, ...corrected].map((row) =>
          row.map((value) => written(value, way.delimiter, quoting.next().value)).join(way.delimiter) + lineEnd
        ).join("");
      const again = await checkRoster(saved, way.settings);
      assert.deepEqual(again.records.flatMap(({ problems }) => problems), []);
      assert.equal(again.records.length, way.failed.length);
      for (const [at, record] of way.failed.entries()) assertKept(again.records[at], record);
    }),
    { numRuns: 300 },
  );
});

/** Corrects each wrong cell and fills in the required cells of a malformed record. */
function mend(
  row: string[],
  { values, problems }: CheckedRecord,
  { header }: CheckedRoster,
  saved: string[],
): string[] {
  const wrong = values === null ? ["unique_id", "login_source"] : problems.map(({ column }) => column);
  const mended = [...row];
  for (const { column, positions } of header.present) {
    if (!wrong.includes(column.name)) continue;
    for (const position of positions) {
      mended[saved.indexOf(guard(header.names[position]))] = MENDED[column.name] ?? "Anna";
    }
  }
  return mended;
}

function assertKept(again: CheckedRecord, before: CheckedRecord): void {
  const wrong = before.problems.map(({ column }) => column);
  for (const [column, value] of Object.entries(before.stored)) {
    if (!wrong.includes(column)) assert.equal(again.stored[column], value, column);
  }
}

Deno.test("a failed-records file that fails again produces the same file, except for rosterd's own columns", async () => {
  await fc.assert(
    fc.asyncProperty(wayBack, async (generated) => {
      const way = await onTheWay(generated);
      const again = await checkRoster(way.file, way.settings);
      const second = await failedFileOf(way.file, again.records, way.settings);
      const kept = (file: Uint8Array) => rowsOf(file, way.delimiter).map((row) => row.slice(0, -OWN.length));
      assert.deepEqual(kept(second), kept(way.file));
    }),
    { numRuns: 200 },
  );
});

/**
 * Passes a failing record with these headers and values through its failed-records file. The two required columns are
 * added.
 */
async function backAndForth(headers: string[], values: string[]): Promise<CheckedRoster> {
  const settings = parseSettings({});
  const roster = ["login_source,unique_id", ...headers].join(",") + "\n" + ["ldap,1", ...values].join(",") +
    "\nldap,2" +
    ",".repeat(headers.length) + "\n";
  const { records: [failed] } = await checkRoster(roster, settings);
  return await checkRoster(await failedFileOf(roster, [failed], settings), settings);
}

Deno.test("a roster with the maximum number of columns can be written back with the rosterd_ columns", async () => {
  const { header, records } = await backAndForth(Array(998).fill("x"), Array(998).fill("=1"));
  assert.deepEqual([header.own.length, records.length], [6, 1]);
  assert.deepEqual([...new Set(records[0].values!.slice(2, 1_000))], ["'=1"]);
});

Deno.test("the row of a malformed record can be read again, however long the record was", async () => {
  const value = `"x${'漢字😀""'.repeat(10_000)}"`;
  const { records: [{ values, problems }] } = await backAndForth(["x"], [value]);
  const shown = values!.at(-2)!;
  assert.ok(shown.startsWith('ldap,1,"x漢字😀""漢') && shown.endsWith("…") && shown.isWellFormed());
  assert.ok(shown.length < 32_767, "a cell of a spreadsheet holds no more");
  assert.deepEqual(problems.map(({ code }) => code), ["9013", "9014"]);
});

Deno.test("a record of almost the maximum length is written back completely", async () => {
  const values = Array.from({ length: 14 }, (_, at) => at + "漢😀é".repeat(7_000));
  const { records: [record] } = await backAndForth(values.map(() => "x"), values);
  assert.ok(record.raw.length > 350_000);
  assert.deepEqual(record.values!.slice(2, -6).map((value, at) => value === values[at]), values.map(() => true));
});

Deno.test("a failed-records file that cannot be written leaves neither the roster nor the failures open", async () => {
  const roster = fileOf("unique_id,login_source\n" + "1,\n".repeat(10_000));
  let open = false;
  async function* failures() {
    open = true;
    try {
      for (let line = 2;; line++) yield await Promise.resolve([{ line, unique_id: null, since: "", problems: [] }]);
    } finally {
      open = false;
    }
  }
  const source = {
    file: roster,
    failures: failures(),
    entry: { encoding: "utf-8", delimiter: ",", settings: parseSettings({}) },
    signal: new AbortController().signal,
  };
  const full = () => (assert.ok(open), Promise.reject(new Error("the disk is full")));
  await assert.rejects(writeFailedFile(source, full), /the disk is full/);
  assert.deepEqual([open, roster.open], [false, 0]);
});
