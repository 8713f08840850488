/**
 * The main job: after a roster is dropped, the users are in Postgres, the failures are in an email, and the file is in
 * `bak`.
 */
import assert from "node:assert/strict";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";

const SAMPLE = await Deno.readTextFile(new URL("../testdata/first_import/upload.csv", import.meta.url));
const unavailable = await serverUnavailable();

/** Reads the users; null for the embedded database, which does not accept a second connection. */
type LookAtUsers = () => Promise<Record<string, unknown>[]>;

/** Runs a test on the embedded database, and on the server if there is one. */
function onEachDatabase(name: string, test: (service: TestService, users: LookAtUsers | null) => Promise<void>): void {
  Deno.test({
    name: `${name} (server)`,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await using service = await TestService.start({ databaseUrl: database.url });
      await test(service, () => database.sql`select * from rosterd.users order by unique_id`);
    },
  });
  Deno.test(`${name} (embedded)`, async () => {
    await using service = await TestService.start({ databaseUrl: null });
    await test(service, null);
  });
}

if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url} on a server: ${unavailable}`);

function counts({ records, created, updated, unchanged, skipped, failed }: ImportEntry) {
  return { records, created, updated, unchanged, skipped, failed };
}

onEachDatabase(
  "a dropped roster creates users, an email with the failed records, and two files in bak",
  async (service, users) => {
    const entry = await service.import("roster.csv", SAMPLE);

    assert.equal(entry.status, "failed_records");
    assert.deepEqual(counts(entry), { records: 9, created: 4, updated: 0, unchanged: 0, skipped: 0, failed: 5 });
    if (users !== null) {
      const rows = await users();
      assert.deepEqual(rows.map(({ unique_id }) => unique_id), ["1001", "1002", "1003", "1009"]);
      const { first_name, province, student_no, street, active } = rows[0];
      assert.deepEqual([first_name, province, student_no, street, active], [
        "Anna",
        "ON",
        "0045871",
        "12 Main Street",
        true,
      ]);
      assert.deepEqual([rows[1].street, rows[2].student_no, rows[3].active], ["7 Elm Street, Apt. 4", null, false]);
    }

    const [mail] = await service.smtp.received(1);
    assert.equal(mail.subject, "rosterd: roster.csv: 5 new failures");
    assert.deepEqual(mail.envelope, { from: "admin@example.edu", to: ["registry@example.edu"] });
    const stamp = entry.started_at.replace(/[-:]|\.\d+/g, "");
    assert.deepEqual(await service.bak(), [`roster.${stamp}.csv`, `roster.${stamp}.failed.csv`]);
    assert.equal(await service.readBak(`roster.${stamp}.csv`), SAMPLE);
    const failed = FAILED_FILE.replaceAll("SINCE", entry.started_at.replace(/\.\d+/, ""));
    assert.equal(new TextDecoder("utf-8", { ignoreBOM: true }).decode(mail.attachments[0].content), failed);
    assert.equal(mail.attachments[0].filename, `roster.${stamp}.failed.csv`);
  },
);

const FAILED_FILE = "\ufeff" + [
  "unique_id,login_source,first_name,last_name,user_name,email,street,city,province,postal_code,user_type_id,student_no,data_of_birth,active,rosterd_line,rosterd_column,rosterd_code,rosterd_since,rosterd_record,rosterd_reason",
  `1004,ldap,Sofia,O'Neil,soneil,sofia.oneil@example.edu,,Kingston,ON,,student,'0045874,'31/12/2000,1,5,data_of_birth,9033,SINCE,,"data_of_birth ""31/12/2000"" must look like 1999-12-31"`,
  `1005,ldap,Jean,Roy,jroy,jean.roy(at)example.edu,,Montréal,QC,,staff,,'1975-07-01,1,6,email,9033,SINCE,,"email ""jean.roy(at)example.edu"" must look like name@example.com"`,
  `1006,ldap,Priya,Chan,ATREMBLA,priya.chan@example.edu,,Toronto,ON,,student,'0045876,'2002-01-09,1,7,user_name,9020,SINCE,,"user_name ""ATREMBLA"" is taken by the record on line 2"`,
  `,,,,,,,,,,,,,,8,,malformed,SINCE,"1007,ldap,""Noah,Kowalski,nkowals,noah.kowalski@example.edu,,Halifax,NS,,student,0045877,2000-03-03,1","value 3 (""first_name"") begins with a quote that is not closed: add the closing quote, or remove the opening one"`,
  `1008,,Ingrid,Müller,imuller,ingrid.muller@example.edu,,Ottawa,Ontario,,faculty,,'1969-12-12,2,9,login_source; province; active,9014; 9030; 9033,SINCE,,"login_source is missing; province ""Ontario"" must be two letters, such as ON; active ""2"" must be 0 or 1"`,
  "",
].join("\r\n");

onEachDatabase("the corrected failed records are imported", async (service, users) => {
  const { failed_file } = await service.import("roster.csv", SAMPLE);
  const corrected = (await service.readBak(failed_file!))
    .replace("'31/12/2000", "'2000-12-31").replace("(at)", "@").replace("ATREMBLA", "pchan")
    .replace(
      ",,,,,,,,,,,,,,8",
      "1007,ldap,Noah,Kowalski,nkowals,noah.kowalski@example.edu,,Halifax,NS,,student,'0045877,'2000-03-03,1,8",
    )
    .replace("1008,,", "1008,ldap,").replace("Ottawa,Ontario", "Ottawa,ON").replace("'1969-12-12,2", "'1969-12-12,1");

  const entry = await service.import("corrected.csv", corrected);

  assert.deepEqual(counts(entry), { records: 5, created: 5, updated: 0, unchanged: 0, skipped: 0, failed: 0 });
  assert.deepEqual(entry.warnings, []);
  if (users === null) return;
  const sofia = (await users()).find(({ unique_id }) => unique_id === "1004")!;
  assert.deepEqual([sofia.student_no, sofia.last_name], ["0045874", "O'Neil"]);
});

onEachDatabase("a repeated file changes no users, and three changed values update three users", async (service) => {
  const good = SAMPLE.split("\n").filter((line) => !/^100[4-8]/.test(line)).join("\n");
  await service.import("monday.csv", good);

  const again = await service.import("tuesday.csv", good);
  assert.deepEqual(counts(again), { records: 4, created: 0, updated: 0, unchanged: 4, skipped: 0, failed: 0 });
  assert.equal(again.mail, "none");

  const changed = good.replace("12 Main Street", "14 Main Street").replace("Gatineau", "Hull").replace(
    "lnguyen",
    "linguyen",
  );
  const entry = await service.import("wednesday.csv", changed);
  assert.deepEqual(counts(entry), { records: 4, created: 0, updated: 3, unchanged: 1, skipped: 0, failed: 0 });
});

onEachDatabase("a file without a usable header is rejected, mailed, and moved to bak", async (service) => {
  const entry = await service.import("wrong.csv", "id;mail\n1;a@example.edu\n");

  assert.equal(entry.status, "rejected");
  assert.match(entry.reason!.text, /column unique_id is missing.*Headers found: "id", "mail"/);
  const [mail] = await service.smtp.received(1);
  assert.equal(mail.subject, "rosterd: wrong.csv: rejected");
  assert.equal((await service.bak()).length, 1);
  assert.deepEqual(await service.turn(), []);
});

onEachDatabase(
  "without mail settings, the failed records are in bak, and every response contains a warning",
  async (service) => {
    await service.fetch("/settings", {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ smtp: null, failed_import_email: null }),
    });
    const entry = await service.import("roster.csv", SAMPLE);

    assert.equal(entry.mail, "not_configured");
    assert.deepEqual(entry.warnings.map(({ code }) => code), ["mail_not_configured"]);
    assert.equal((await service.bak()).length, 2);
    const status = await service.get<{ problems: { code: string }[] }>("/status");
    assert.deepEqual(status.problems.map(({ code }) => code), ["mail_not_configured"]);
  },
);

onEachDatabase("the history shows an import with its failures and its failed-records file", async (service) => {
  const { id, failed_file } = await service.import("roster.csv", SAMPLE);

  const { imports } = await service.get<{ imports: ImportEntry[] }>("/imports");
  assert.deepEqual(imports.map((entry) => entry.id), [id]);
  const { failures, next } = await service.get<{ failures: { line: number }[]; next: number }>(
    `/imports/${id}/failures?limit=2`,
  );
  assert.deepEqual(failures.map(({ line }) => line), [5, 6]);
  const rest = await service.get<{ failures: { line: number }[]; next: null }>(`/imports/${id}/failures?after=${next}`);
  assert.deepEqual(rest.failures.map(({ line }) => line), [7, 8, 9]);
  const file = await service.fetch(`/imports/${id}/failed.csv`);
  assert.match(file.headers.get("content-disposition")!, /^attachment/);
  assert.equal(await file.text(), (await service.readBak(failed_file!)).replace("\ufeff", ""));
});

onEachDatabase("files in the folder are imported after a restart", async (service) => {
  await service.stop();
  await service.drop("roster.csv", SAMPLE);
  await service.restart();
  const { imports } = await service.get<{ imports: ImportEntry[] }>("/imports");
  assert.deepEqual(imports.map(({ file, status }) => [file, status]), [["roster.csv", "failed_records"]]);
});
