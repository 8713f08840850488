/**
 * Corrects one cell of each failed record in LibreOffice and drops the saved file into the upload folder. Every value
 * in the database must then match the roster.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  ENGLISH_CANADA,
  ENGLISH_US,
  FRENCH,
  FRENCH_CANADA,
  GERMAN,
  LibreOffice,
  libreOfficeUnavailable,
  type Opening,
} from "../support/libreoffice.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";
import { SPREADSHEET_VALUES, VALUES_WITH_CR } from "./spreadsheet_values.ts";

const unavailable = await libreOfficeUnavailable() ?? await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

/** Columns that accept any text of up to 50 characters. */
const COLUMNS = [
  ...["first_name", "last_name", "street", "city", "street2", "city2"],
  ...["employ_no", "employee_phone", "student_no", "student_phone", "drivers_license_num"],
];

interface SheetRecord {
  unique_id: string;
  values: string[];
}

/** Creates records that together contain each value once. */
function recordsOf(values: readonly string[]): SheetRecord[] {
  return Array.from({ length: Math.ceil(values.length / COLUMNS.length) }, (_, at) => {
    const some = values.slice(at * COLUMNS.length, (at + 1) * COLUMNS.length);
    return {
      unique_id: `0${String(at).padStart(4, "0")}`,
      values: [...some, ...COLUMNS.slice(some.length).map(() => "x")],
    };
  });
}

/** A roster in which no email address is valid and the last two records are malformed. */
function rosterOf(records: readonly SheetRecord[], delimiter: string): string {
  const rows = [
    ["unique_id", "login_source", "email", ...COLUMNS],
    ...records.map(({ unique_id, values }) => [unique_id, "ldap", `${unique_id}(at)example.edu`, ...values]),
  ];
  const lines = rows.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(delimiter));
  return [...lines, `0999${delimiter}=1${delimiter}"not closed`, `0998${delimiter}ldap`, ""].join("\n");
}

interface Way extends Opening {
  name: string;
  workbook?: "none" | "ods" | "xlsx" | "fods";
}

/** LibreOffice languages, each with the delimiter of the roster. */
const WAYS: readonly Way[] = [
  { name: "saved as CSV", delimiter: ",", language: ENGLISH_US },
  { name: "opened with quoted fields as text", delimiter: ";", language: ENGLISH_CANADA, quotedAsText: true },
  { name: "opened with dates and formulas", delimiter: ",", language: ENGLISH_CANADA, detects: true, runs: true },
  { name: "opened in French", delimiter: ";", language: FRENCH_CANADA, detects: true, runs: true },
  { name: "opened in French (France)", delimiter: "\t", language: FRENCH, detects: true },
  { name: "opened in German", delimiter: ";", language: GERMAN, detects: true },
  { name: "kept as an ODF workbook", delimiter: ",", language: ENGLISH_US, detects: true, workbook: "ods" },
  { name: "kept as an Excel workbook", delimiter: "\t", language: FRENCH_CANADA, detects: true, workbook: "xlsx" },
  { name: "corrected in a workbook", delimiter: ";", language: ENGLISH_CANADA, detects: true, workbook: "fods" },
];

async function comesBack(way: Way, values: readonly string[], expected: (value: string) => string): Promise<void> {
  await using database = (await testDatabase())!;
  await using service = await TestService.start({ databaseUrl: database.url });
  await using office = await LibreOffice.start();
  const records = recordsOf(values);
  const { failed, failed_file } = await service.import("roster.csv", rosterOf(records, way.delimiter));
  assert.equal(failed, records.length + 2);

  const sheet = await Deno.readFile(join(service.upload, "bak", failed_file!));
  const saved = await saveCorrected(office, sheet, way);
  const entry = await service.import(failed_file!, saved);

  assert.deepEqual([entry.status, entry.created, entry.warnings], ["done", records.length + 2, []]);
  const rows = await database.sql`select * from rosterd.users order by unique_id`;
  const stored = rows.slice(0, records.length).map((row) => [row.unique_id, ...COLUMNS.map((column) => row[column])]);
  assert.deepEqual(stored, records.map(({ unique_id, values }) => [unique_id, ...values.map(expected)]));
}

/** Corrects addresses in the workbook or in the CSV file, and malformed records in the CSV file. */
async function saveCorrected(office: LibreOffice, sheet: Uint8Array, way: Way): Promise<string> {
  const correct = (text: string) => text.replaceAll("(at)", "@");
  const saved = await office.saveAgain(sheet, way, way.workbook, correct);
  const { delimiter } = way;
  const nobody = new RegExp(`^${delimiter}${delimiter}`, "m");
  return (way.workbook === "fods" ? saved : correct(saved))
    .replace(nobody, `'0999${delimiter}ldap${delimiter}`)
    .replace(nobody, `'0998${delimiter}ldap${delimiter}`);
}

for (const way of WAYS) {
  Deno.test({
    name: `failed records, ${way.name} by LibreOffice, come back with their original values`,
    ignore: unavailable !== null,
    fn: () => comesBack(way, SPREADSHEET_VALUES, (value) => value),
  });
}

Deno.test({
  name: "LibreOffice changes only the line endings within values of failed records",
  ignore: unavailable !== null,
  fn: () => comesBack(WAYS[0], VALUES_WITH_CR, (value) => value.replaceAll(/\r\n?/g, "\n")),
});
