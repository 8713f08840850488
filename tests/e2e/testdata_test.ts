/**
 * Imports each roster of `tests/testdata/` with `check` over HTTP, through the upload folder with the resulting email,
 * and with `rosterd check` on the command line. `testdata_cases.ts` describes the files of a case.
 */
import assert from "node:assert/strict";
import type { CheckReport } from "../../src/importer/report.ts";
import type { ImportEntry, PastFailure } from "../../src/importer/ports.ts";
import { emptyTables, serverUnavailable, type TestDatabase, testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";
import { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";
import { assertPrinted, exitCode, splitPrinted } from "./testdata_printed.ts";
import { type Case, readCases } from "./testdata_cases.ts";

const cases = await readCases();
const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "each roster in tests/testdata has the expected result in check, import, bak and mail",
  ignore: unavailable !== null,
  async fn(t) {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url });
    const settings = JSON.parse(await Deno.readTextFile(service.config.settings));
    for (const one of cases) {
      await t.step(one.name, async () => {
        await makeReady(one, settings, service, database);
        await assertCheck(one, service, database);
        await assertImport(one, service);
        await assertUsers(one, database);
      });
    }
    assert.equal(
      service.smtp.mails.length,
      cases.filter(isMailed).length,
      "one mail for each import that causes one, and no other mails",
    );
  },
});

Deno.test({
  name: "rosterd check prints its document as text, and exits with 0, 2 or 3",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using here = await Workplace.make({ DATABASE_URL: database.url });
    const plain = cases.filter(({ settings, before }) => settings === null && before === null);
    const done = plain.filter(({ expected }) => expected.report.status === "done");
    const failing = plain.filter(({ expected }) => expected.report.status === "failed_records");
    for (const group of [done, [...done, failing[0]], plain]) {
      const { code, out, err } = await here.run("check", ...group.map(({ path }) => path));
      assert.deepEqual([code, err], [exitCode(group), ""]);
      const printed = splitPrinted(out);
      assert.equal(printed.length, group.length);
      group.forEach((one, at) => assertPrinted(one, printed[at]));
    }
    const [{ schemas }] = await database.sql`
      select count(*)::int as schemas from pg_namespace where nspname = 'rosterd'`;
    assert.equal(schemas, 0, "check creates no schema");
  },
});

/** Removes the data of the previous case and loads the settings and users of this one. */
async function makeReady(
  { settings, before }: Case,
  base: Record<string, unknown>,
  service: TestService,
  database: TestDatabase,
): Promise<void> {
  await emptyTables(database);
  await Deno.writeTextFile(service.config.settings, JSON.stringify({ ...base, ...settings }));
  await service.turn();
  if (before !== null) assert.equal((await service.import("before.csv", before)).status, "done");
  for (const name of await service.bak().catch(() => [])) await Deno.remove(`${service.upload}/bak/${name}`);
}

/** `POST /check` returns what the import will report, but writes no data. */
async function assertCheck(one: Case, service: TestService, { sql, url }: TestDatabase): Promise<void> {
  const before = await everything(sql);
  const { report, changes } = one.expected;
  const response = await service.fetch(`/check?name=${report.file}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: one.bytes as BufferSource,
  });
  const checked = await response.json() as CheckReport;
  const { created, updated, archived, reactivated, missing_archived } = report;
  const users = created + updated + archived + reactivated + missing_archived;
  // An archived user who gives up a value does not need a record.
  assert.equal(checked.changes.length, changes?.length ?? users);
  const { kept, first_records, findings, proposal } = checked;
  assert.deepEqual(checked, {
    ...report,
    held_columns: [],
    changes: changes ?? checked.changes,
    kept,
    first_records,
    findings,
    proposal,
  });
  if (one.settings !== null || one.before !== null) {
    await using here = await Workplace.make({ DATABASE_URL: url });
    const { code, out, err } = await here.run("check", "--settings", service.config.settings, one.path);
    assert.deepEqual([code, err], [exitCode([one]), ""]);
    assertPrinted(one, out);
  }
  assert.deepEqual(await everything(sql), before, "check writes nothing");
}

/** Reads all rows of all tables, including their transaction ids, and the state of the sequences. */
async function everything(sql: TestDatabase["sql"]): Promise<unknown> {
  const tables = await sql`select tablename from pg_tables where schemaname = 'rosterd' order by tablename`;
  const rows = [];
  for (const { tablename } of tables) {
    rows.push(await sql.unsafe(`select xmin::text, * from rosterd.${tablename} order by 1, 2`));
  }
  return [rows, await sql`select sequencename, last_value from pg_sequences where schemaname = 'rosterd' order by 1`];
}

async function assertImport(one: Case, service: TestService): Promise<void> {
  const { report, encoding, delimiter } = one.expected;
  const entry = await service.import(report.file, one.bytes);
  assert.deepEqual(await documentOf(entry, Object.keys(report), service), report);
  if (report.status !== "rejected") assert.deepEqual([entry.encoding, entry.delimiter], [encoding, delimiter]);

  const stamp = entry.started_at.replace(/[-:]|\.\d+/g, "");
  const kept = report.file.replace(".", `.${stamp}.`), failed = `upload.${stamp}.failed.csv`;
  assert.deepEqual([entry.bak_file, entry.failed_file], [kept, one.failed === null ? null : failed]);
  assert.deepEqual(await service.bak(), one.failed === null ? [kept] : [kept, failed].sort());
  assert.deepEqual(await readBak(service, kept), one.bytes);
  const expected = one.failed && failedSince(one.failed, entry);
  if (expected !== null) assertSameText(await readBak(service, failed), expected, "the failed records in bak");
  if (isMailed(one)) await assertMail(one, entry, service, expected);
  else assert.equal(entry.mail, "none");
}

/** The report of an import in the history. */
async function documentOf(entry: ImportEntry, names: string[], service: TestService): Promise<Record<string, unknown>> {
  const page = await service.get<{ failures: PastFailure[] }>(`/imports/${entry.id}/failures?limit=1000`);
  const failures = page.failures.map(({ since: _, ...failure }) => failure);
  const whole: Record<string, unknown> = { ...entry, failures };
  return Object.fromEntries(names.map((name) => [name, whole[name]]));
}

/** The expected failed-records file. Every record first failed in this import. */
function failedSince(expected: Uint8Array, { started_at }: ImportEntry): Uint8Array {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(expected);
  return new TextEncoder().encode(text.replaceAll("SINCE", started_at.replace(/\.\d+/, "")));
}

async function assertMail(
  one: Case,
  { id }: ImportEntry,
  service: TestService,
  failed: Uint8Array | null,
): Promise<void> {
  const { report } = one.expected;
  const mail = await until(`the mail of ${one.name}`, async () => {
    const { mail } = await service.get<ImportEntry>(`/imports/${id}`);
    return mail === "sent" && service.smtp.mails.at(-1)!;
  });
  const { status, records } = report, all = records === 1 ? "its only record failed" : `all ${records} records failed`;
  const some = report.failed === 1 ? "1 new failure" : `${report.failed} new failures`;
  const outcome = status === "rejected" ? "rejected" : report.failed === records ? all : some;
  assert.equal(mail.subject, `rosterd: ${report.file}: ${outcome}`);
  if (report.reason !== null) assert.ok(mail.text!.includes(report.reason.text), mail.text!);
  assert.equal(mail.attachments.length, failed === null ? 0 : 1);
  if (failed !== null) assertSameText(mail.attachments[0].content, failed, "the attachment");
}

function isMailed({ expected: { report } }: Case): boolean {
  return report.status !== "done";
}

async function assertUsers({ expected: { users } }: Case, { sql }: TestDatabase): Promise<void> {
  if (users === undefined) return;
  const rows = await sql`select *, date_of_birth::text, archived_at is not null as archived
    from rosterd.users order by unique_id`;
  const text = (value: unknown) => value === null ? null : String(value);
  assert.deepEqual(rows.map((row) => users.columns.map((column) => text(row[column]))), users.rows);
}

function readBak(service: TestService, name: string): Promise<Uint8Array> {
  return Deno.readFile(`${service.upload}/bak/${name}`);
}

/** The files are first compared as text because that produces a readable error. */
function assertSameText(actual: Uint8Array, expected: Uint8Array, what: string): void {
  const text = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  assert.equal(text(actual), text(expected), what);
  assert.deepEqual([...actual], [...expected], what);
}
