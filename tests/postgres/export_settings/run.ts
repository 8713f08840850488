/** Runs sequences of imports in the model and in Postgres and requires equal results. */
import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import type { CheckReport } from "../../../src/importer/report.ts";
import { writeFailedFile } from "../../../src/importer/files/failed_file.ts";
import { guard } from "../../../src/importer/checks/spreadsheet.ts";
import { MAX_CHANGES_REPORTED } from "../../../src/domain/outcome.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { fileOf } from "../../support/memory_file.ts";
import { oneConnection, removeAll } from "../one_connection.ts";
import { countsOf, type ImportReport, type RosterDatabase } from "../roster_database.ts";
import { type Elsewhere, type Story, story } from "./arbitraries.ts";
import { type Expected, importRoster, type Name, NAMES, type People, type Roster, type RosterRecord } from "./model.ts";

/** The number of times each result occurred, to show that a run covers them all. */
export type Seen = Map<string, number>;

export async function runStories(db: RosterDatabase, about: fc.Parameters<[Story]>): Promise<Seen> {
  await using one = oneConnection(db);
  const seen: Seen = new Map();
  const property = fc.asyncProperty(story, async (story) => {
    await removeAll(db);
    const { people, first, nights, isLong, copies, checks } = story;
    const known: People = new Map(people.map(([id, person]) => [id, { ...person }]));
    if (people.length > 0) {
      await db.addUsers(...people.map(([unique_id, person]) => ({ unique_id, ...stored(person) })));
    }
    const store = copies ? db.store : one.store;
    let { settings, roster } = first;
    for (const night of [null, ...nights]) {
      for (const change of night?.elsewhere ?? []) await changeElsewhere(db, known, change);
      settings = night?.settings ?? settings;
      roster = night?.roster ?? roster;
      const whole = isLong ? { ...roster, records: [...roster.records, ...FILLER] } : roster;
      await importBoth({ db, known, seen, store, settings, roster: whole, checks });
    }
  });
  await fc.assert(property, about);
  return seen;
}

/** The roster is large enough for the unchanged-record cache to be used. */
const FILLER: readonly RosterRecord[] = Array.from({ length: 255 }, (_, at) => {
  const cells = { login_source: "ldap", email: "", city: "Laval", province: "NS", phone_cell: "", data_of_birth: "" };
  const texts = Object.entries({ ...cells, active: "1" });
  return {
    unique_id: `filler${at}`,
    ...Object.fromEntries(texts.map(([name, text]) => [name, { text, isQuoted: false }])),
  } as unknown as RosterRecord;
});

const stored = ({ data_of_birth: date_of_birth, ...values }: Record<string, unknown>) => ({ ...values, date_of_birth });

interface Import {
  db: RosterDatabase;
  known: People;
  seen: Seen;
  store: RosterDatabase["store"];
  settings: Settings;
  roster: Roster;
  checks: boolean;
}

async function importBoth({ db, known, seen, store, settings, roster, checks }: Import): Promise<void> {
  const text = textOf(roster), way = { settings, store };
  const checked = checks ? await db.check(text, way) : null, report = await db.import(text, way);
  const expected = importRoster(known, roster, settings);

  assert.deepEqual(resultOf(report), expectedOf(expected), "the import");
  if (checked !== null) requireChecked(checked, expected);
  assert.deepEqual(await peopleOf(db), Object.fromEntries([...known].sort(([a], [b]) => a < b ? -1 : 1)));
  if (report.failed > 0) await requireOriginals({ text, report, roster, settings, store });
  for (const name of [...Object.keys(countsOf(report)), ...expected.failing]) note(seen, name);
  for (const code of Object.values(expected.failures).flat()) note(seen, code);
  if (expected.rejected !== null) note(seen, expected.rejected);
  if (expected.kept.length > 0) note(seen, "kept");
}

function requireChecked(checked: CheckReport, expected: Expected): void {
  assert.deepEqual(resultOf(checked), expectedOf(expected), "the dry run");
  if (Object.keys(expected.changes).length <= MAX_CHANGES_REPORTED) {
    assert.deepEqual(changesOf(checked), expected.changes, "the changes of the dry run");
  }
  if (expected.kept.length <= MAX_CHANGES_REPORTED) assert.deepEqual(keptOf(checked), expected.kept);
}

function note(seen: Seen, what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}

/** Returns the parts of a report that the model predicts. */
function resultOf(report: Omit<ImportReport, "id">) {
  const said = (code: string) => report.warnings.filter((warning) => warning.code === code).map(({ text }) => text);
  return {
    rejected: report.status === "rejected" ? report.reason!.code : null,
    counts: countsOf(report),
    failures: Object.fromEntries(report.failures.map(({ line, problems }) => [line, problems.map(({ code }) => code)])),
    kept: said("kept"),
    failing: said("values_fail").map((text) => /fail on (\w+)/.exec(text)![1]),
  };
}

function expectedOf({ rejected, counts, failures, kept, failing }: Expected) {
  const users: Record<string, number> = {};
  for (const one of kept) {
    const name = /^\d+ (\w+)/.exec(one)![1];
    users[name] = (users[name] ?? 0) + 1;
  }
  const told = Object.entries(users).sort(([a], [b]) => a < b ? -1 : 1).map(([name, count]) =>
    `${name} of ${count} ${count === 1 ? "user differs" : "users differs"} from the roster and was kept`
  );
  return { rejected, counts: countsOf(counts), failures, kept: told, failing };
}

const changesOf = ({ changes }: CheckReport) =>
  Object.fromEntries(changes.map(({ unique_id, outcome }) => [unique_id, outcome]));

const keptOf = ({ kept }: CheckReport) =>
  kept.map(({ line, column, roster, kept }) => `${line} ${column}: ${roster}, ${kept}`).sort();

async function peopleOf(db: RosterDatabase) {
  const users = Object.entries(await db.users());
  return Object.fromEntries(users.map(([id, { archived, active, date_of_birth, ...values }]) => [id, {
    ...Object.fromEntries(NAMES.map((name) => [name, name === "data_of_birth" ? date_of_birth : values[name]])),
    state: archived ? "archived" : active ? "active" : "disabled",
  }]));
}

async function changeElsewhere({ sql }: RosterDatabase, known: People, { id, name, value }: Elsewhere): Promise<void> {
  const person = known.get(id);
  if (person === undefined) return;
  if (name === "delete") {
    known.delete(id);
    await sql`delete from rosterd.users where unique_id = ${id}`;
    return;
  }
  const isTaken = [...known.values()].some(({ email }) => email?.toLowerCase() === value?.toLowerCase());
  if (name === "email" && value !== null && isTaken) return;
  person[name as Name] = value;
  const column = name === "data_of_birth" ? "date_of_birth" : name;
  await sql`update rosterd.users set ${sql(column)} = ${value} where unique_id = ${id}`;
}

/** Asserts that the failed-records file has the same values as the roster. */
async function requireOriginals(
  { text, report, roster, settings, store }:
    & Pick<Import, "roster" | "settings" | "store">
    & { text: string; report: ImportReport },
): Promise<void> {
  const parts: string[] = [], decoder = new TextDecoder();
  const entry = { encoding: "utf-8" as const, delimiter: ",", settings };
  const source = {
    file: fileOf(text),
    failures: store.failures(report.id!),
    entry,
    signal: AbortSignal.timeout(60_000),
  };
  await writeFailedFile(source, (bytes) => Promise.resolve(void parts.push(decoder.decode(bytes, { stream: true }))));
  const rows: Record<string, string>[] = parse(parts.join(""), { bom: true, columns: true });
  assert.equal(rows.length, report.failed);
  for (const row of rows) {
    const record = roster.records[Number(row.rosterd_line) - 2];
    for (const name of roster.columns) {
      const { text, isQuoted } = record[name];
      assert.equal(row[name], guard(isQuoted ? text : text.trim()), `${name} on line ${row.rosterd_line}`);
    }
  }
}

function textOf({ records, columns }: Roster): string {
  const cells = (record: RosterRecord) =>
    columns.map((name) => record[name].isQuoted ? `"${record[name].text}"` : record[name].text);
  const filling = "so long that it is worth loading the cache ".repeat(2);
  const lines = records.map((record) => [record.unique_id, ...cells(record), filling].join(","));
  return [["unique_id", ...columns, "note"].join(","), ...lines, ""].join("\n");
}
