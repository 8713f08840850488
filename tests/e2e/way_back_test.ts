/**
 * Failed records arrive by email, are corrected, are dropped into the folder under the same file name, and are applied.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gunzipSync, gzipSync } from "node:zlib";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { serverUnavailable, type TestDatabase, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

function onServer(name: string, test: (service: TestService, sql: TestDatabase["sql"]) => Promise<void>): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await using service = await TestService.start({ databaseUrl: database.url });
      await test(service, database.sql);
    },
  });
}

/** A roster in Windows-1252 with one failed record of each kind. */
const ROSTER = Buffer.from(
  [
    'Note;=Rank;LOGIN SOURCE;"First; Name";unique_id;First Name;Street;Postal-Code;Student No;E-Mail;Prov;',
    "a;1;ldap;;u1;Zoë;1 Main St.;K1A 0B1;0045871;zoe@example.edu;ON;",
    'b;1;ldap;;u2;"Ann ""A"" Lee";"2 Elm;\r\nApt. 4\t";007;=1+1;ann(at)example.edu;Ontario;',
    "c;1;ldap;;u1;Other;3 Oak;1E5;'+5;other@example.edu;QC;",
    "d;1;;;;José;4 Fir;12:30;12345678901234567;zoe@example.edu;QC;",
    "e;1;ldap;;u5;Jürgen;5 Ash;1/2;-1;zoe@EXAMPLE.edu;QC;",
    'f;1;ldap;;u6;"Bob"by;6 Bay;00;@x;bob@example.edu;NS;',
    "",
  ].join("\r\n"),
  "latin1",
);

const FAILED = [
  `Note;'=Rank;LOGIN SOURCE;"First; Name";unique_id;First Name;Street;Postal-Code;Student No;E-Mail;Prov;;rosterd_line;`,
  `b;1;ldap;;u2;"Ann ""A"" Lee";"2 Elm;\r\nApt. 4\t";'007;'=1+1;ann(at)example.edu;Ontario;;3;`,
  `c;1;ldap;;u1;Other;3 Oak;'1E5;'+5;other@example.edu;QC;;5;`,
  `d;1;;;;José;4 Fir;'12:30;'12345678901234567;zoe@example.edu;QC;;6;`,
  `e;1;ldap;;u5;Jürgen;5 Ash;'1/2;'-1;zoe@EXAMPLE.edu;QC;;7;`,
  `;;;;;;;;;;;;8;`,
];

onServer(
  "failed records are mailed, corrected in the attachment, dropped into the folder and applied",
  async (service, sql) => {
    await service.import("staff.csv", ROSTER);
    const [{ attachments: [{ filename, content }] }] = await service.smtp.received(1);
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(content);
    assert.deepEqual(FAILED.filter((row) => !`\r\n${text.slice(1)}`.includes(`\r\n${row}`)), []);

    const corrected = text.replace("(at)", "@").replace("Ontario", "on").replace("u1;Other", "u3;Other")
      .replace("d;1;;;;", "d;1;ldap;;u4;").replace(";zoe@example.edu;", ";jose@example.edu;").replace(
        "zoe@EXAMPLE",
        "jurgen@example",
      )
      .replace(";;;;;;;;;;;;8", "f;1;ldap;;u6;Bobby;6 Bay;'00;'@x;bob@example.edu;NS;;8");
    const entry = await service.import(filename!, corrected);

    assert.deepEqual([entry.status, entry.created, entry.mail], ["done", 5, "none"]);
    assert.deepEqual(entry.warnings.map(({ text }) => text), [
      'unknown columns were ignored: "Note", "=Rank", "First; Name" (did you mean first_name?)',
    ]);
    const rows = await sql`
    select unique_id, first_name, street, postal_code, student_no, email, province from rosterd.users order by unique_id`;
    assert.deepEqual(rows.map((row) => Object.values(row)), [
      ["u1", "Zoë", "1 Main St.", "K1A 0B1", "0045871", "zoe@example.edu", "ON"],
      ["u2", 'Ann "A" Lee', "2 Elm;\r\nApt. 4\t", "007", "=1+1", "ann@example.edu", "ON"],
      ["u3", "Other", "3 Oak", "1E5", "+5", "other@example.edu", "QC"],
      ["u4", "José", "4 Fir", "12:30", "12345678901234567", "jose@example.edu", "QC"],
      ["u5", "Jürgen", "5 Ash", "1/2", "-1", "jurgen@example.edu", "QC"],
      ["u6", "Bobby", "6 Bay", "00", "@x", "bob@example.edu", "NS"],
    ]);
    await assertBak(service, entry, filename!);
  },
);

/**
 * Asserts that `bak` has the roster and the failed records of the first import, and the corrected file of the second.
 */
async function assertBak(service: TestService, second: ImportEntry, failedName: string): Promise<void> {
  const stamp = second.started_at.replace(/[-:]|\.\d+/g, "");
  const name = failedName.replace(/\.failed\.csv$/, "");
  const names = [`${name}.csv`, failedName, `${name}.failed.${stamp}.csv`];
  assert.deepEqual(await service.bak(), names.sort());
  assert.equal(second.failed_file, null);
}

onServer("failed records above 5 MiB are mailed gzipped, and imported gzipped", async (service, sql) => {
  const records = Array.from({ length: 55_000 }, (_, at) => `${at},ldap,${String(at).padStart(7, "0")},31/12/1999\n`);
  await service.import("large.csv", `unique_id,login_source,student_no,date_of_birth\n${records.join("")}`);
  const [{ attachments: [{ filename, content }] }] = await service.smtp.received(1);
  assert.match(filename!, /^large\.\d+T\d+Z\.failed\.csv\.gz$/);

  const corrected = gunzipSync(content).toString().replaceAll("31/12/1999,", "1999-12-31,");
  const { created, failed } = await service.import(filename!, gzipSync(corrected));

  assert.deepEqual([created, failed], [55_000, 0]);
  const [{ count }] = await sql`
    select count(*) from rosterd.users where date_of_birth = '1999-12-31' and student_no = lpad(unique_id, 7, '0')`;
  assert.equal(count, 55_000);
});
