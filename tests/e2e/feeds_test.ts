/** Tests feeds from outside, with files in two feeds' folders and with a real database, mail server and HTTP. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { StatusDocument } from "../../src/http/service.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

type Sql = NonNullable<Awaited<ReturnType<typeof testDatabase>>>["sql"];

const FEEDS = {
  students: {
    date_format: "DD/MM/YYYY",
    defaults: { login_source: "ldap" },
    failed_import_email: "students@example.edu",
  },
  staff: { header_aliases: { "Employee": "unique_id" } },
};

function withFeeds(
  name: string,
  test: (service: TestService, sql: Sql) => Promise<void>,
  settings: Record<string, unknown> = {},
): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await using service = await TestService.start({
        databaseUrl: database.url,
        settings: { feeds: FEEDS, ...settings },
      });
      await test(service, database.sql);
    },
  });
}

const STUDENTS = "unique_id,date_of_birth\n1,31/12/2007\n2,30/02/2007\n";
const STAFF = "Employee,login_source\n3,ldap\n";
const ROOT = "unique_id,login_source,date_of_birth\n4,ldap,2007-12-31\n";

const status = (service: TestService) => service.get<StatusDocument>("/status");
const history = async (service: TestService, query: string) =>
  (await service.get<{ imports: ImportEntry[] }>(`/imports?${query}`)).imports;

async function dropAll(service: TestService): Promise<void> {
  await service.drop("students/x.csv", STUDENTS);
  await service.drop("staff/x.csv", STAFF);
  await service.drop("x.csv", ROOT);
}

withFeeds(
  "files of two feeds and of the upload folder are imported, each with its own settings",
  async (service, sql) => {
    await dropAll(service);

    const imported = await service.turn();

    assert.deepEqual(imported.map(({ feed, status, created }) => [feed, status, created]), [
      ["students", "failed_records", 1],
      ["staff", "done", 1],
      ["", "done", 1],
    ]);
    const users = await sql`select unique_id from rosterd.users order by unique_id`;
    assert.deepEqual(users.map(({ unique_id }) => unique_id), ["1", "3", "4"]);
    const [one] = await history(service, "feed=students");
    assert.deepEqual([one.feed, one.settings.date_format, (await history(service, "feed=")).length], [
      "students",
      "DD/MM/YYYY",
      1,
    ]);
    assert.deepEqual((await service.bak("students")).map((name) => name.replace(/\d{8}T\d{6}Z/, "T")), [
      "x.T.csv",
      "x.T.failed.csv",
    ]);
    const failed = await service.fetch(`/imports/${one.id}/failed.csv`);
    assert.match(await failed.text(), /30\/02\/2007/);
    const [mail] = await service.smtp.received(1);
    assert.equal(mail.subject, "rosterd: students/x.csv: 1 new failure");
    assert.match(mail.text!, /drop it into the folder "students" inside the upload folder/);
    assert.ok(service.lines.some((line) => line.includes('"event":"imported","feed":"students"')));
  },
);

withFeeds(
  "a feed whose folder is a link is stopped, the other feeds continue, and the status names the folder",
  async (service) => {
    const elsewhere = await Deno.makeTempDir({ prefix: "rosterd-test-" });
    await Deno.remove(join(service.upload, "students"), { recursive: true });
    await Deno.symlink(elsewhere, join(service.upload, "students"));
    await Deno.writeTextFile(join(elsewhere, "x.csv"), STUDENTS);
    await service.drop("staff/x.csv", STAFF);
    await service.drop("x.csv", ROOT);

    assert.deepEqual((await service.turn()).map(({ feed }) => feed), ["staff", ""]);

    const { ready, problems, feeds, folder } = await status(service);
    assert.equal(ready, false);
    assert.deepEqual(feeds.map(({ name, usable }) => [name, usable]), [["students", false], ["staff", true], [
      "",
      true,
    ]]);
    assert.match(feeds[0].text!, /students is a link/);
    assert.equal(folder.usable, true);
    assert.equal(problems[0].text, "the folder of students cannot be used");
    const open = await (await service.fetch("/readyz", { headers: { authorization: "" } })).json();
    assert.deepEqual(open.problems.map(({ text }: { text: string }) => text), ["the folder of a feed cannot be used"]);
    assert.deepEqual(
      [...Deno.readDirSync(elsewhere)].map(({ name }) => name),
      ["x.csv"],
      "nothing is touched through it",
    );
    const metrics = await (await service.fetch("/metrics")).text();
    assert.match(metrics, /^rosterd_usable\{part="folder",feed="students"\} 0$/m);
    assert.match(metrics, /^rosterd_imports_total\{status="done",feed="staff"\} 1$/m);
    assert.match(metrics, /^rosterd_imports_total\{status="done"\} 1$/m);

    await Deno.remove(join(service.upload, "students"));
    await Deno.remove(elsewhere, { recursive: true });
    await Deno.mkdir(join(service.upload, "students"));
    await service.restart();
    await service.drop("students/x.csv", STUDENTS);
    assert.deepEqual((await service.turn()).map(({ feed }) => feed), ["students"]);
  },
);

withFeeds(
  "files in the folder of a removed feed wait and are reported until the feed is added again and they are imported",
  async (service) => {
    await service.set({ feeds: { staff: null } });
    await service.drop("staff/x.csv", STAFF);

    assert.deepEqual(await service.turn(), []);
    const { waiting } = await status(service);
    assert.deepEqual(waiting.map(({ name, code }) => [name, code]), [["staff/x.csv", "no_feed"]]);
    assert.match(waiting[0].text, /^waiting: the folder staff does not belong to a feed/);

    await service.set({ feeds: { staff: FEEDS.staff } });
    assert.deepEqual((await service.turn()).map(({ feed, status }) => [feed, status]), [["staff", "done"]]);
  },
);

const IN_AN_HOUR = () => new Date(Date.now() + 3_600_000).toISOString();

withFeeds(
  "files of a paused feed wait, the status shows their number and the end of the pause, and then they are imported in order",
  async (service) => {
    const until = IN_AN_HOUR();
    await service.set({ feeds: { students: { paused_until: until } } });
    await service.drop("students/b.csv", STUDENTS);
    await service.drop("students/a.csv", STUDENTS);
    await Deno.utime(join(service.upload, "students/b.csv"), 1_000_000_000, 1_000_000_000);
    await service.drop("x.csv", ROOT);

    assert.deepEqual((await service.turn()).map(({ feed }) => feed), [""]);
    const [students] = (await status(service)).feeds;
    assert.deepEqual([students.paused_until, students.pending], [until, 2]);
    assert.match(
      await (await service.fetch("/metrics")).text(),
      /^rosterd_files_waiting\{reason="paused",feed="students"\} 2$/m,
    );

    await service.set({ feeds: { students: { paused_until: null } } });
    const imported = await bothImported(service);
    assert.deepEqual(imported.map(({ file }) => file), ["b.csv", "a.csv"]);
  },
);

/** Waits until both files are imported. No turn is requested, because a scan starts when a pause ends. */
async function bothImported(service: TestService): Promise<ImportEntry[]> {
  return await until("both files are imported", async () => {
    const imports = await history(service, "feed=students&status=failed_records");
    return imports.length === 2 && imports.toReversed();
  });
}

withFeeds("while all feeds are paused, POST /imports responds with 409, and commands still work", async (service) => {
  await service.drop("x.csv", ROOT);
  await service.set({ paused_until: IN_AN_HOUR() });

  const refused = await service.fetch("/imports", { method: "POST" });
  assert.equal(refused.status, 409);
  assert.match((await refused.json()).detail, /^imports are paused until 20/);
  assert.deepEqual(await history(service, "limit=10"), []);

  await service.set({ paused_until: "2020-01-01T00:00:00+02:00" });
  await until("the file is imported", async () => (await history(service, "limit=10")).length === 1);
});

withFeeds(
  "a trial checks the file, mails the changes that an import would make, and changes no user",
  async (service, sql) => {
    await service.set({ feeds: { students: { apply: false } } });
    await service.drop("students/x.csv", STUDENTS);

    const [entry] = await service.turn();

    assert.deepEqual([entry.status, entry.created, entry.failed], ["checked", 1, 1]);
    assert.equal((await sql`select from rosterd.users`).length, 0);
    const [mail] = await service.smtp.received(1);
    assert.equal(mail.subject, "rosterd: students/x.csv: checked, not applied: 1 new failure");
    assert.match(mail.text!, /No records were applied, because this is a trial/);
    const changes = mail.attachments.find(({ filename }) => filename?.endsWith(".changes.csv"))!;
    assert.equal(
      changes.content.toString().replace("\ufeff", ""),
      "unique_id,outcome,column,before,after\r\n1,created,login_source,,ldap\r\n1,created,data_of_birth,,'2007-12-31\r\n" +
        "1,created,active,,1\r\n",
    );
    assert.equal((await service.bak("students")).length, 2);
    assert.equal((await service.fetch(`/imports/${entry.id}/undo`, { method: "POST" })).status, 409);

    await service.set({ feeds: { students: { apply: null } } });
    await service.drop("students/x.csv", STUDENTS);
    assert.deepEqual((await service.turn()).map(({ status }) => status), ["failed_records"]);
  },
);

withFeeds(
  "errors in a feed's settings name the feed, and a patch that names all feeds sets their order",
  async (service) => {
    const headers = { "content-type": "application/merge-patch+json" };
    const patch = async (feeds: unknown) => {
      const response = await service.fetch("/settings", { method: "PATCH", headers, body: JSON.stringify({ feeds }) });
      return { status: response.status, ...await response.json() };
    };
    const key = async (feeds: unknown) => (await patch(feeds)).errors.map(({ key }: { key: string }) => key);
    assert.deepEqual(await key({ Bad: {} }), ["feeds.Bad"]);
    assert.deepEqual(await key({ students: { date_format: "no" } }), ["feeds.students.date_format"]);
    assert.deepEqual(await key({ students: { smtp: {} } }), ["feeds.students.smtp"]);
    assert.deepEqual(await key({ students: { value_maps: { active: { Y: "x" } } } }), [
      "feeds.students.value_maps.active.Y",
    ]);
    assert.deepEqual(await key({ students: { paused_until: "2026-12-24T18:00" } }), ["feeds.students.paused_until"]);

    const { feeds } = await patch({ staff: {}, students: {} });
    assert.deepEqual(Object.keys(feeds), ["staff", "students"]);
    assert.deepEqual(feeds, FEEDS);
    assert.deepEqual(Object.keys((await service.get<{ feeds: object }>("/settings")).feeds), ["staff", "students"]);
  },
);

withFeeds(
  "the clerks of a feed are told that no file has arrived, but not during a pause, which restarts the wait",
  async (service, sql) => {
    await dropAll(service);
    await service.turn();
    await service.smtp.received(1);
    await sql`update rosterd.imports set finished_at = now() - interval '61 minutes'`;
    await service.set({
      feeds: {
        students: { expected_every_hours: 1 },
        staff: { expected_every_hours: 1, paused_until: IN_AN_HOUR() },
      },
    });
    const [, staff] = (await status(service)).feeds;
    assert.equal(staff.expected_at, null, "no file is expected during a pause");
    await service.turn();
    const [, mail] = await service.smtp.received(2);
    assert.equal(mail.subject, "rosterd: students: no file for 1 hour");
    assert.deepEqual(mail.envelope.to.toSorted(), ["admin@example.edu", "students@example.edu"]);

    await service.set({ feeds: { staff: { paused_until: new Date(Date.now() - 60_000).toISOString() } } });
    await service.turn();
    const [{ count }] = await sql<{ count: number }[]>`select count(*) from rosterd.outbox where kind = 'alert'`;
    assert.equal(Number(count), 1, "the pause has just ended");
  },
);

withFeeds(
  "an undo works during a pause",
  async (service, sql) => {
    await service.drop("x.csv", ROOT);
    await service.turn();
    await service.set({ paused_until: IN_AN_HOUR() });
    const [{ id }] = await history(service, "limit=1");
    assert.equal((await service.fetch(`/imports/${id}/undo`, { method: "POST" })).status, 200);
    assert.equal((await sql`select from rosterd.users where archived_at is null`).length, 0);
  },
);
