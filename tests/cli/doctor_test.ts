/**
 * Tests `rosterd doctor` against real faults. For each fault, doctor names the problem and the fix but changes nothing.
 */
import assert from "node:assert/strict";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import type { Finding } from "../../src/domain/finding.ts";
import { treeOf } from "../inbox/folder_tree.ts";
import { canMount, withMemory } from "../inbox/mounts.ts";
import { IS_ROOT } from "../inbox/other_process.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { FROM_SOURCE, Workplace } from "../support/rosterd.ts";
import { TestService } from "../support/service.ts";
import { CERTIFICATE_FILE, startSmtpServer, TLS_SERVER_WORKS } from "../support/smtp_server.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: tests of ${import.meta.url} that need a server: ${unavailable}`);
const serverTest = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: unavailable !== null, fn });

/** Runs as root without capabilities, so that modes and owners apply. */
const WITHOUT_POWER = IS_ROOT
  ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all", ...FROM_SOURCE]
  : [...FROM_SOURCE];

/** An installation without faults other than the one that the test causes. */
async function workplace(environment: Record<string, string> = {}, program?: readonly string[]): Promise<Workplace> {
  const here = await Workplace.make(environment, program);
  await mkdir(here.path("upload"));
  return here;
}

interface Diagnosis {
  code: number;
  findings: Finding[];
  /** The verdict of each check. If a check has several findings, only the first one counts. */
  verdicts: Record<string, string>;
  of(check: string): Finding;
}

async function doctor(here: Workplace, ...words: string[]): Promise<Diagnosis> {
  const { code, out, err } = await here.run("doctor", "--json", ...words);
  assert.notEqual(out, "", err);
  const { findings }: { findings: Finding[] } = JSON.parse(out);
  for (const finding of findings) {
    assert.deepEqual(Object.keys(finding), ["check", "verdict", "text", "fix"]);
    assert.equal(finding.fix === null, finding.verdict === "good", `${finding.check}: a fix unless it is good`);
  }
  const isBad = findings.filter(({ verdict }) => verdict === "bad").map(({ check }) => check);
  assert.equal(code, isBad.includes("settings") ? 78 : isBad.length > 0 ? 1 : 0);
  const verdicts = Object.fromEntries(findings.toReversed().map(({ check, verdict }) => [check, verdict]));
  return { code, findings, verdicts, of: (check) => findings.find((finding) => finding.check === check)! };
}

Deno.test("before the first start, doctor reports no errors, changes nothing, and prints sentences", async () => {
  await using here = await workplace();
  const { code, verdicts } = await doctor(here);
  assert.equal(code, 0);
  assert.deepEqual(verdicts, {
    settings: "good",
    user: IS_ROOT ? "warning" : "good",
    database: "warning",
    upload_folder: "good",
    work_folder: "good",
    bak_folder: "good",
    move_to_bak: "good",
    upload_disk: "good",
    data_folder: "good",
    data_disk: "good",
    private_files: "good",
    retention: "warning",
    mail: "warning",
    archiving: "good",
  });
  const { out, err } = await here.run("doctor");
  assert.equal(err, "");
  assert.match(out, /^good {5}upload folder: \S+ can be read and written$/m);
  assert.match(
    out,
    /^warning {2}database: .*\n {9}→ Before you rely on rosterd, set DATABASE_URL to a server with PostgreSQL 13 or later/m,
  );
  assert.match(out, /\nrosterd is ready, with \d warnings?\n$/);
  assert.deepEqual(await treeOf(here.folder), { upload: {} });
});

Deno.test("without a server, the database is reported as bad, and everything else is still checked", async () => {
  await using here = await workplace({ DATABASE_URL: "postgres://somebody:geheim@127.0.0.1:1/none" });
  const { code, verdicts, of, findings } = await doctor(here);
  assert.equal(code, 1);
  assert.deepEqual([verdicts.database, verdicts.upload_folder, verdicts.mail], ["bad", "good", "warning"]);
  assert.match(of("database").text, /no server answers/);
  assert.match(of("database").fix!, /Start the server, or check the host and port in DATABASE_URL/);
  assert.doesNotMatch(JSON.stringify(findings), /geheim/);
  assert.match((await here.run("doctor")).out, /rosterd is not ready: 1 check failed, \d warnings?\n$/);
});

serverTest("doctor reports the schema of a newer rosterd, and a read-only database, as bad", async () => {
  await using database = (await testDatabase())!;
  await using here = await workplace({ DATABASE_URL: database.url });
  await database.sql`create schema rosterd`;
  await database.sql`create table rosterd.migrations (number integer)`;
  await database.sql`insert into rosterd.migrations values (999)`;
  const newer = await doctor(here);
  assert.deepEqual([newer.verdicts.database, newer.verdicts.schema], ["good", "bad"]);
  assert.match(newer.of("schema").text, /the database has schema 999/);
  const [{ name }] = await database.sql`select current_database() as name`;
  await database.sql.unsafe(`alter database ${name} set default_transaction_read_only = on`);
  assert.match((await doctor(here)).of("database").text, /^PostgreSQL \S+ answers, but is read-only$/);
});

Deno.test("doctor accepts a missing upload folder that the first start can create, and does not create it", async () => {
  await using here = await workplace();
  const { code, of, verdicts } = await doctor(here, "--upload", "new/upload");
  assert.equal(of("upload_folder").text, "new/upload does not exist yet: the first start creates it");
  assert.deepEqual([verdicts.upload_folder, code], ["good", 0]);
  assert.equal(Object.hasOwn(await treeOf(here.folder), "new"), false);
});

Deno.test("doctor reports links or files named bak or .rosterd as bad", async () => {
  await using here = await workplace();
  await symlink("/tmp", here.path("upload/bak"));
  await writeFile(here.path("upload/.rosterd"), "");
  const { of, verdicts } = await doctor(here);
  assert.match(of("bak_folder").text, /upload\/bak is a link$/);
  assert.match(of("work_folder").text, /upload\/\.rosterd is not a folder$/);
  assert.match(of("bak_folder").fix!, /^Remove it, and rosterd will create a new folder\.$/);
  assert.equal(verdicts.move_to_bak, undefined, "nothing is moved over a link");
});

Deno.test("doctor names folders that rosterd may not write to, and leaves no files behind", async () => {
  await using here = await workplace({}, WITHOUT_POWER);
  await mkdir(here.path("upload/bak"));
  await mkdir(here.path("upload/.rosterd"));
  await mkdir(here.path("data"));
  const cases: [string, string][] = [
    ["upload", "upload_folder"],
    ["upload/bak", "bak_folder"],
    ["upload/.rosterd", "work_folder"],
    ["data", "data_folder"],
  ];
  for (const [folder, check] of cases) {
    await chmod(here.path(folder), 0o555);
    const { verdicts, of } = await doctor(here);
    await chmod(here.path(folder), 0o755);
    assert.equal(verdicts[check], "bad", folder);
    assert.match(of(check).text, /\(EACCES\)$/);
  }
  await mkdir(here.path("closed"), { mode: 0o555 });
  const absent = await doctor(
    here,
    "--data",
    "closed/deep/data",
    "--upload",
    "closed/upload",
    "--settings",
    "closed/settings.json",
  );
  assert.match(absent.of("upload_folder").text, /^closed\/upload does not exist and cannot be created \(EACCES\)$/);
  assert.match(absent.of("data_folder").text, /^closed\/deep\/data does not exist and cannot be created \(EACCES\)$/);
  assert.match(absent.of("settings").text, /^closed\/settings\.json does not exist and cannot be created \(EACCES\)$/);
  await Deno.remove(here.path("closed"));
  const { verdicts } = await doctor(here);
  assert.deepEqual([verdicts.upload_folder, verdicts.bak_folder, verdicts.move_to_bak], ["good", "good", "good"]);
  assert.deepEqual(await treeOf(here.folder), { data: {}, upload: { ".rosterd": {}, bak: {} } });
});

Deno.test({
  name: "bak on another file system is a warning, and an almost full disk is bad (mounts)",
  ignore: !canMount(),
  async fn() {
    await using here = await workplace();
    await mkdir(here.path("upload/bak"));
    await mkdir(here.path("data"));
    await withMemory(here.path("upload/bak"), () =>
      withMemory(here.path("data"), async () => {
        const { verdicts, of } = await doctor(here);
        assert.deepEqual([verdicts.move_to_bak, verdicts.data_disk], ["warning", "bad"]);
        assert.match(of("move_to_bak").text, /bak is on another file system/);
        assert.match(of("data_disk").text, /^\d+ MiB \(100%\) free on the disk that holds \.\/data$/);
      }));
    assert.deepEqual(await treeOf(here.folder), { data: {}, upload: { bak: {} } });
  },
});

Deno.test({
  name: "a wrong SMTP password is bad, the right one is good, and no mail is sent",
  ignore: !TLS_SERVER_WORKS,
  async fn() {
    await using smtp = await startSmtpServer({ login: { user: "rosterd", password: "richtig" } });
    await using here = await workplace({ DENO_CERT: CERTIFICATE_FILE });
    await here.write(
      "settings.json",
      JSON.stringify({
        reply_to_admin_email: "admin@example.edu",
        failed_import_email: "registry@example.edu",
        smtp: { host: "localhost", port: smtp.port, user: "rosterd", password: "geheim" },
      }),
    );
    const wrong = await doctor(here);
    assert.equal(wrong.verdicts.mail, "bad");
    assert.match(wrong.of("mail").text, /^localhost:\d+: the mail server refused the login/);
    assert.match(wrong.of("mail").fix!, /^Set smtp\.user and smtp\.password/);
    assert.doesNotMatch(JSON.stringify(wrong.findings), /geheim/);
    here.environment.ROSTERD_SMTP_PASSWORD = "richtig";
    assert.match((await doctor(here)).of("mail").text, /^localhost:\d+ accepted the login$/);
    await smtp[Symbol.asyncDispose]();
    assert.equal((await doctor(here)).verdicts.mail, "bad");
    assert.equal(smtp.mails.length, 0);
  },
});

Deno.test("settings that are not valid exit with 78 and are reported with line and column; the rest is still checked", async () => {
  await using here = await workplace();
  await here.write("settings.json", '{\n  "interval_minutes": 5,\n  "colour": "red"\n}\n');
  const { code, verdicts, of } = await doctor(here);
  assert.equal(code, 78);
  assert.match(of("settings").text, /settings\.json:3:3: colour is not a setting/);
  assert.deepEqual([verdicts.upload_folder, verdicts.mail], ["good", undefined]);
  assert.equal((await doctor(here, "--settings", "nowhere/settings.json")).code, 78);
  assert.equal((await here.run("doctor", "--listen", "x")).code, 78);
});

Deno.test("doctor reports an unreadable data folder as bad, and still checks the rest", async () => {
  await using here = await workplace({}, WITHOUT_POWER);
  await mkdir(here.path("data/postgres"), { recursive: true });
  await chmod(here.path("data"), 0);
  const { verdicts, of } = await doctor(here);
  await chmod(here.path("data"), 0o700);
  assert.deepEqual([verdicts.database, verdicts.data_folder, verdicts.upload_folder], ["bad", "bad", "good"]);
  assert.match(
    of("database").text,
    /^cannot use the data folder \.\/data \(EACCES\): run this as rosterd's user/,
  );
});

Deno.test("doctor warns if users can be archived without a guard", async () => {
  await using here = await workplace();
  const archiving = async (settings: object) => {
    await here.write("settings.json", JSON.stringify(settings));
    return (await doctor(here)).findings.filter(({ check }) => check === "archiving");
  };
  const guardOff = { archive_guard: { max_percent: 100 } };
  assert.deepEqual((await archiving(guardOff)).map(({ text }) => text), ["with these settings, no users are archived"]);
  const risky = await archiving({ ...guardOff, archive_inactive_users: true });
  assert.deepEqual(risky.map(({ verdict }) => verdict), ["warning"]);
  assert.match(risky[0].text, /one import can archive any number of users/);
  assert.equal(risky[0].fix, "Run: rosterd settings set archive_guard.max_percent=10");
  assert.equal((await here.run("settings", "set", "archive_guard.max_percent=10")).code, 0);
  assert.equal(
    (await doctor(here)).of("archiving").text,
    "archiving more than 10 percent of the users (and more than 20) requires your approval",
  );
});

Deno.test("a service with the embedded database runs the checks itself, and doctor reports no errors", async () => {
  await using service = await TestService.start({ databaseUrl: null });
  await using here = await Workplace.make({ ROSTERD_ADMIN_TOKEN: service.config.adminToken! });
  const folders = ["--upload", service.upload, "--data", service.config.data, "--settings", service.config.settings];
  const asked = await doctor(here, ...folders);
  assert.equal(asked.code, 0);
  assert.match(asked.of("database").text, /^the embedded PostgreSQL \d+\.\d+ answers/);
  await service.stop();
  const own = await doctor(here, ...folders);
  assert.match(own.of("database").text, /^the embedded PostgreSQL \d+\.\d+ answers/);
  assert.deepEqual([own.verdicts.schema, own.verdicts.rights], ["good", "good"]);
});

Deno.test("doctor warns that other users may replace bak and .rosterd until the folder is sticky", async () => {
  await using here = await workplace();
  await chmod(here.path("upload"), 0o777);
  const finding = (await doctor(here)).of("upload_folder");
  assert.equal(finding.verdict, "warning");
  assert.match(finding.text, /but other users may rename its entries \(owner uid \d+, mode 0777\)$/);
  assert.match(finding.fix!, /let rosterd own the folder and make it sticky/);
  await chmod(here.path("upload"), 0o1777);
  assert.equal((await doctor(here)).of("upload_folder").verdict, "good");
});

Deno.test("doctor warns of a token or settings file that other users can read or change, and prints a chmod that fixes it", async () => {
  await using here = await workplace();
  await mkdir(here.path("data"));
  await writeFile(here.path("data/admin-token"), "secret\n");
  await chmod(here.path("data/admin-token"), 0o640);
  await writeFile(here.path("settings.json"), "{}");
  await chmod(here.path("settings.json"), 0o622);
  const found = (await doctor(here)).findings.filter(({ check }) => check === "private_files");
  assert.deepEqual(found.map(({ verdict, text }) => [verdict, text.replaceAll(/\S+\/(?=data|settings)/g, "")]), [
    ["warning", "other users can read data/admin-token (mode 0640)"],
    ["warning", "other users can change settings.json (mode 0622)"],
  ]);
  for (const { fix } of found) {
    const { success } = await new Deno.Command("sh", { args: ["-c", fix!.replace("Run: ", "")], cwd: here.folder })
      .output();
    assert.ok(success);
  }
  assert.equal((await doctor(here)).verdicts.private_files, "good");
});
