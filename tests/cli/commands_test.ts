/** The command-line interface as scripts see it: documents, messages and exit codes (docs/cli.md). */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";

const GOOD = "unique_id,login_source,city\n1,ldap,Ottawa\n2,ldap,Hull\n";
const BAD_RECORD = GOOD + "3,,Ottawa\n";
const NO_ROSTER = "a,b\n1,2\n";
const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: tests of ${import.meta.url} that need a server: ${unavailable}`);
const serverTest = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: unavailable !== null, fn });

async function workplace(): Promise<Workplace & { url: string }> {
  const database = (await testDatabase())!;
  const made = await Workplace.make({ DATABASE_URL: database.url });
  const dispose = made[Symbol.asyncDispose].bind(made);
  return Object.assign(made, {
    url: database.url,
    async [Symbol.asyncDispose]() {
      await dispose();
      await database[Symbol.asyncDispose]();
    },
  });
}

Deno.test("--version and --help work without a configuration", async () => {
  await using here = await Workplace.make({ DATABASE_URL: "nonsense" });
  assert.deepEqual(await here.run("--version"), { code: 0, out: `rosterd ${manifest.version}\n`, err: "" });
  const help = await here.run("--help");
  assert.equal(help.code, 0);
  for (
    const command of ["serve", "import FILE…", "check FILE…", "imports show ID", "settings set", "token", "healthcheck"]
  ) {
    assert.ok(help.out.includes(`  ${command}`), command);
  }
  assert.match((await here.run("import", "--help")).out, /--failed-file PATH/);
});

Deno.test("a wrong command line exits with 64 and shows the usage", async () => {
  await using here = await Workplace.make();
  for (
    const words of [["imprt"], ["import"], ["check", "--failed-file", "x", "y.csv"], ["imports", "show", "x"], [
      "settings",
      "set",
    ]]
  ) {
    const { code, out, err } = await here.run(...words);
    assert.deepEqual([code, out], [64, ""], words.join(" "));
    assert.match(err, /^rosterd: .+\nusage: rosterd /, words.join(" "));
  }
});

Deno.test("a wrong configuration exits with 78 and names the error and its source", async () => {
  await using here = await Workplace.make();
  const address = await here.run("serve", "--listen", "nowhere:x");
  assert.equal(address.code, 78);
  assert.match(address.err, /--listen/);
  await here.write("settings.json", '{\n  "interval_minutes": 5,\n  "colour": "red"\n}\n');
  const settings = await here.run("serve");
  assert.equal(settings.code, 78);
  assert.match(settings.err, /settings\.json:3:3: colour is not a setting/);
  await here.write("settings.json", '{\n  "interval_minutes": 5,\n');
  assert.match((await here.run("status")).err, /settings\.json:\d:\d+: /);
});

Deno.test("every command reports an unusable data folder in one sentence, and exits with 78", async () => {
  await using here = await Workplace.make();
  await here.write("file", "no folder");
  await here.write("good.csv", GOOD);
  for (const words of [["serve"], ["status"], ["token"], ["healthcheck"], ["imports"], ["import", "good.csv"]]) {
    const { code, out, err } = await here.run(...words, "--data", "file/data", "--listen", "127.0.0.1:0");
    assert.deepEqual([code, out], [78, ""], words.join(" "));
    assert.equal(err, "rosterd: cannot use the data folder file/data (ENOTDIR): choose another folder with --data\n");
  }
  const { err } = await here.run("healthcheck", "--data", "file");
  assert.match(err, /^rosterd: cannot use the data folder file \(/);
});

serverTest("import and check exit with 0, 2 or 3, or with the most serious code of several files", async () => {
  await using here = await workplace();
  await here.write("good.csv", GOOD);
  await here.write("bad.csv", BAD_RECORD);
  await here.write("no.csv", NO_ROSTER);
  for (const command of ["check", "import"]) {
    assert.equal((await here.run(command, "good.csv")).code, 0, command);
    assert.equal((await here.run(command, "bad.csv")).code, 2, command);
    assert.equal((await here.run(command, "no.csv")).code, 3, command);
    assert.equal((await here.run(command, "good.csv", "no.csv", "bad.csv")).code, 3, command);
    assert.equal((await here.run(command, "no.csv", "absent.csv")).code, 1, command);
  }
});

serverTest("import --json prints the import as imports show does, and leaves the file in place", async () => {
  await using here = await workplace();
  await here.write("bad.csv", BAD_RECORD);
  const { code, out } = await here.run("import", "bad.csv", "--json", "--failed-file", "failed.csv");
  assert.equal(code, 2);
  const { imports: [shown] } = JSON.parse(out);
  const { file, status, records, created, failed, failures } = shown;
  assert.deepEqual({ file, status, records, created, failed, failures }, {
    file: "bad.csv",
    status: "failed_records",
    records: 3,
    created: 2,
    failed: 1,
    failures: [{
      line: 4,
      unique_id: "3",
      problems: [{ column: "login_source", code: "9014", reason: "login_source is missing" }],
      since: shown.started_at,
    }],
  });
  assert.deepEqual(JSON.parse((await here.run("imports", "show", String(shown.id), "--json")).out), shown);
  assert.match(
    await Deno.readTextFile(here.path("failed.csv")),
    /^\ufeffunique_id,login_source,city,rosterd_line.*\r\n3,,Ottawa,4,/,
  );
  assert.ok((await Deno.stat(here.path("bad.csv"))).isFile);
});

serverTest(
  "nothing is imported if failed records cannot be written, and the roster is never overwritten",
  async () => {
    await using here = await workplace();
    await here.write("bad.csv", BAD_RECORD);
    await here.write("good.csv", GOOD);
    await Deno.link(here.path("bad.csv"), here.path("same.csv"));
    const nowhere = await here.run("import", "bad.csv", "--failed-file", "no/such/failed.csv");
    assert.deepEqual([nowhere.code, nowhere.out], [1, ""]);
    assert.equal(
      nowhere.err,
      "rosterd: cannot write --failed-file no/such/failed.csv (ENOENT); nothing was imported\n",
    );
    for (const name of ["bad.csv", "same.csv"]) {
      const { code, err } = await here.run("import", "bad.csv", "--failed-file", name);
      assert.equal(code, 64, name);
      assert.match(err, /^rosterd: --failed-file must name a file other than FILE\n/);
      assert.equal(await Deno.readTextFile(here.path("bad.csv")), BAD_RECORD);
    }
    assert.deepEqual(JSON.parse((await here.run("imports", "--json")).out).imports, []);

    assert.equal((await here.run("import", "good.csv", "--failed-file", "failed.csv")).code, 0);
    await assert.rejects(Deno.stat(here.path("failed.csv")), Deno.errors.NotFound);
    await here.write("failed.csv", "old ".repeat(1_000));
    assert.equal((await here.run("import", "bad.csv", "--failed-file", "failed.csv")).code, 2);
    assert.match(await Deno.readTextFile(here.path("failed.csv")), /^\ufeffunique_id.*\r\n3,,Ottawa,4,.*\r\n$/);
    assert.match((await here.run("import", "bad.csv", "--failed-file", "/dev/stdout")).out, /\r\n3,,Ottawa,4,/);
  },
);

serverTest("check --json shows what would change and changes nothing", async () => {
  await using here = await workplace();
  await here.write("good.csv", GOOD);
  await here.write("moved.csv", GOOD.replace("Hull", "Aylmer"));
  await here.run("import", "good.csv");
  const check = async () => JSON.parse((await here.run("check", "moved.csv", "--json")).out).checks[0];
  const report = await check();
  assert.deepEqual([report.updated, report.unchanged], [1, 1]);
  assert.deepEqual(report.changes, [{ unique_id: "2", outcome: "updated", columns: { city: ["Hull", "Aylmer"] } }]);
  assert.deepEqual(await check(), report);
});

serverTest("imports lists the history, and imports show prints one import", async () => {
  await using here = await workplace();
  assert.match((await here.run("imports")).out, /no imports yet/);
  await here.write("bad.csv", BAD_RECORD);
  await here.run("import", "bad.csv");
  const { imports, next } = JSON.parse((await here.run("imports", "--json")).out);
  assert.deepEqual([imports.length, imports[0].file, imports[0].failed, next], [1, "bad.csv", 1, null]);
  const shown = await here.run("imports", "show", String(imports[0].id));
  assert.match(shown.out, /1 of 3 records failed[\s\S]*line 4 \(3\): 9014 login_source is missing/);
  assert.equal((await here.run("imports", "show", "99")).code, 1);
});

serverTest("imports changes prints the changes of an import as text, CSV and JSON", async () => {
  await using here = await workplace();
  await here.write("first.csv", "unique_id,login_source,city\n1,ldap,Ottawa\n2,ldap,=Hull\n");
  await here.write("second.csv", "unique_id,login_source,city\n1,ldap,Hull\n2,ldap,=Hull\n3,ldap,\n");
  await here.run("import", "first.csv", "second.csv");
  const { imports: [{ id }] } = JSON.parse((await here.run("imports", "--json")).out);
  const run = async (...words: string[]) => (await here.run("imports", "changes", String(id), ...words)).out;
  assert.equal(await run(), '1: updated (city "Ottawa" → "Hull")\n3: created (login_source "ldap", active "1")\n');
  assert.equal(await run("--outcome", "updated"), '1: updated (city "Ottawa" → "Hull")\n');
  assert.equal(
    await run("--csv"),
    "unique_id,outcome,column,before,after\r\n1,updated,city,Ottawa,Hull\r\n" +
      "3,created,login_source,,ldap\r\n3,created,active,,1\r\n",
  );
  const { changes, next } = JSON.parse(await run("--json"));
  assert.deepEqual([changes.length, changes[0].columns, next], [2, { city: ["Ottawa", "Hull"] }, null]);
  assert.equal((await here.run("imports", "changes", "99")).code, 1);
  assert.equal((await here.run("imports", "changes", String(id), "--outcome", "gone")).code, 64);
});

serverTest("users find and users show print users, and the changes that imports made to them", async () => {
  await using here = await workplace();
  await here.write("first.csv", "unique_id,login_source,last_name,city\n1,ldap,Roy,Ottawa\n2,ldap,Chan,Hull\n");
  await here.write("second.csv", "unique_id,login_source,last_name,city\n1,ldap,Roy,Hull\n2,,Chan,Hull\n");
  await here.run("import", "first.csv", "second.csv");
  assert.equal((await here.run("users", "find", "ro")).out, "1  active  Roy, ldap\n");
  assert.equal((await here.run("users", "find", "nobody")).out, "no user found\n");
  const { out } = await here.run("users", "show", "1");
  assert.match(out, /^1: active\n {2}login_source "ldap"\n {2}last_name "Roy"\n {2}city "Hull"\n/);
  assert.match(
    out,
    /changes made by other programs are not listed\):\n {2}\S+, import 2, second\.csv: updated \(city "Ottawa" → "Hull"\)\n/,
  );
  assert.match(
    out,
    /import 1, first\.csv: created \(login_source "ldap", last_name "Roy", city "Ottawa", active "1"\)\n$/,
  );
  assert.match(
    (await here.run("users", "show", "2")).out,
    /last failure: import 2, second\.csv, line 3: 9014 login_source/,
  );
  const user = JSON.parse((await here.run("users", "show", "1", "--json")).out);
  assert.deepEqual([user.state, user.history.length], ["active", 2]);
  assert.deepEqual(await here.run("users", "show", "9"), {
    code: 1,
    out: "",
    err: "rosterd: this user does not exist\n",
  });
});

serverTest(
  "users erase asks first, erases only users without access, and lists the files that may name them",
  async () => {
    await using here = await workplace();
    await here.write("first.csv", "unique_id,login_source,active\n1,ldap,1\n2,ldap,0\n");
    await here.run("import", "first.csv");
    const asked = await here.run("users", "erase", "2");
    assert.deepEqual([asked.code, asked.out], [64, ""]);
    assert.match(asked.err, /users erase asks for confirmation, which needs a terminal: add --yes/);
    assert.match((await here.run("users", "erase", "1", "--yes")).err, /this user has access: only users without/);
    assert.deepEqual(await here.run("users", "erase", "2", "--yes"), { code: 0, out: "user erased\n", err: "" });
    assert.deepEqual(await here.run("users", "erase", "2", "--yes"), {
      code: 1,
      out: "",
      err: "rosterd: this user does not exist\n",
    });
  },
);

serverTest("status lists the users who wait to be archived, and users show prints since when", async () => {
  await using here = await workplace();
  await here.write("settings.json", '{"archive_inactive_users": true, "release_permits_after_days": 30}');
  await here.write("first.csv", "unique_id,login_source,active\n1,ldap,1\n");
  await here.write("second.csv", "unique_id,login_source,active\n1,ldap,0\n");
  const { out } = await here.run("import", "first.csv", "second.csv");
  assert.match(out, /warning: 1 user is disabled; the first file after 30 days will archive/);
  assert.match(
    (await here.run("status")).out,
    /^ {2}1 user waits to be archived, 0 of them by the next file\n {4}1: by the first file after \S+$/m,
  );
  assert.match((await here.run("users", "show", "1")).out, /^1: disabled\n {2}waiting to be archived since \S+\n/);
});

Deno.test("settings set changes all settings or none, and secrets are masked", async () => {
  await using here = await Workplace.make();
  await here.write("settings.json", "{}");
  const set = await here.run("settings", "set", "interval_minutes=7", "smtp.password=geheim", 'login_sources=["ldap"]');
  assert.equal(set.code, 0);
  assert.equal((await here.run("settings", "get", "interval_minutes")).out, "7\n");
  assert.equal((await here.run("settings", "get", "smtp.password")).out, "***\n");
  assert.doesNotMatch((await here.run("settings", "get")).out, /geheim/);
  const wrong = await here.run("settings", "set", "interval_minutes=9", "mail_on=never");
  assert.equal(wrong.code, 64);
  assert.match(wrong.err, /mail_on must be one of "failures", "new", "always"/);
  assert.equal((await here.run("settings", "get", "interval_minutes")).out, "7\n");
});

Deno.test("token prints the path of the token, never the token, and creates a new one on request", async () => {
  await using here = await Workplace.make();
  await Deno.mkdir(here.path("data"));
  await here.write("data/admin-token", "made-by-serve\n");
  const { out } = await here.run("token");
  assert.equal(out, "data/admin-token\n");
  const before = await Deno.readTextFile(here.path("data/admin-token"));
  const rotated = await here.run("token", "--rotate");
  const after = await Deno.readTextFile(here.path("data/admin-token"));
  assert.notEqual(after, before);
  assert.ok(!(rotated.out + rotated.err).includes(after.trim()));
  assert.equal((await Deno.stat(here.path("data/admin-token"))).mode! & 0o777, 0o600);
});

Deno.test({
  name: "an unreachable database is reported in one sentence, with exit code 1",
  async fn() {
    await using here = await Workplace.make({ DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" });
    await here.write("good.csv", GOOD);
    for (const words of [["import", "good.csv"], ["check", "good.csv"], ["imports"]]) {
      const { code, err, out } = await here.run(...words);
      assert.equal(code, 1, words[0]);
      assert.match(err + out, /no server answers at the address in DATABASE_URL/, words[0]);
    }
    const { code, out } = await here.run("status", "--json");
    assert.deepEqual([code, JSON.parse(out).database.state], [1, "unreachable"]);
  },
});
