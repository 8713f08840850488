/** Commands find the right installation from any folder and create no files (docs/cli.md#which-rosterd). */
import assert from "node:assert/strict";
import { parseEnvironment } from "../../src/cli/installation.ts";
import { treeOf } from "../inbox/folder_tree.ts";
import { IS_ROOT } from "../inbox/other_process.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { FROM_SOURCE, Workplace } from "../support/rosterd.ts";
import { TestService, TOKEN } from "../support/service.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: tests of ${import.meta.url} that need a server: ${unavailable}`);

/** Runs as root without capabilities, so that modes apply. */
const WITHOUT_POWER = IS_ROOT ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all", ...FROM_SOURCE] : FROM_SOURCE;

Deno.test("without a service or a database, every command exits with 78, says what to type, and creates nothing", async () => {
  await using here = await Workplace.make();
  await here.write("x.csv", "unique_id,login_source\n1,ldap\n");
  const commands = [
    ...[["imports"], ["imports", "show", "1"], ["imports", "undo", "1"], ["status"], ["settings", "get"]],
    ...[["settings", "set", "interval_minutes=7"], ["token"], ["token", "--rotate"]],
    ["check", "x.csv", "--json"],
  ];
  for (const words of commands) {
    const { code, out, err } = await here.run(...words);
    assert.deepEqual([code, out === ""], [78, !words.includes("--json")], words.join(" "));
    assert.match(
      err,
      /^rosterd: no rosterd is running with the data folder \.\/data, and DATABASE_URL is not set\. Start it/,
    );
  }
  const check = await here.run("check", "--json", "x.csv", "it's.csv");
  assert.ok(
    check.err.includes("a running rosterd: rosterd check --json x.csv 'it'\\''s.csv' --data FOLDER. "),
    check.err,
  );
  assert.ok(check.err.endsWith("run: rosterd check --json --embedded x.csv 'it'\\''s.csv'\n"), check.err);
  assert.deepEqual(Object.keys(await treeOf(here.folder)), ["x.csv"]);
});

Deno.test("without a database, import never suggests a command after which the next import would be refused", async () => {
  await using here = await Workplace.make();
  const { code, err } = await here.run("import", "x.csv");
  assert.equal(code, 78);
  assert.equal(
    err,
    "rosterd: DATABASE_URL is not set, and no rosterd is running with the data folder ./data. Set DATABASE_URL, or start " +
      "rosterd and drop the file into its upload folder. To just try out rosterd, run: rosterd import --embedded x.csv\n",
  );
});

Deno.test("--embedded is announced: check creates nothing, and import creates the embedded database", async () => {
  await using here = await Workplace.make();
  await here.write("x.csv", "unique_id,login_source\n1,ldap\n");
  const checked = await here.run("check", "--embedded", "x.csv");
  assert.deepEqual([checked.code, checked.err], [
    0,
    "rosterd: ./data has no embedded database: checking against an empty one\n" +
    "rosterd: ./settings.json does not exist: using the default settings\n",
  ]);
  assert.deepEqual(Object.keys(await treeOf(here.folder)), ["x.csv"]);
  const imported = await here.run("import", "--embedded", "x.csv");
  assert.equal(imported.code, 0);
  assert.match(imported.err, /using the embedded database in \.\/data, which is only for trying out rosterd/);
  await assert.rejects(Deno.stat(here.path("settings.json")), Deno.errors.NotFound);
  assert.equal((await here.run("imports")).code, 78);
});

Deno.test({
  name: "a command finds the service from any folder by the environment file or by the run folder",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url });
    await service.import("x.csv", "unique_id,login_source\n1,ldap\n");
    const { data, settings, upload } = service.config;
    const file = `${service.folder}/rosterd.env`;
    const lines = [`DATABASE_URL='${database.url}'`, `ROSTERD_DATA=${data}`, `ROSTERD_SETTINGS="${settings}"`];
    await Deno.writeTextFile(
      file,
      [...lines, `ROSTERD_UPLOAD=${upload}`, `ROSTERD_ADMIN_TOKEN=${TOKEN}`, ""].join("\n"),
    );
    await using here = await Workplace.make({ ROSTERD_ENV_FILE: file });
    const asking = new RegExp(`^rosterd: using the service at ${service.url} \\(data folder ${data}\\)\n$`);
    const listed = await here.run("imports", "--json");
    assert.match(listed.err, asking);
    assert.equal(JSON.parse(listed.out).imports[0].file, "x.csv");
    assert.equal((await here.run("settings", "set", "interval_minutes=9")).code, 0);
    assert.equal(JSON.parse(await Deno.readTextFile(settings)).interval_minutes, 9);
    const status = await here.run("status");
    assert.deepEqual([status.code, /: ready\n/.test(status.out)], [0, true], status.out);
    assert.equal((await here.run("doctor")).err.match(asking)?.length, 1);

    const { ROSTERD_ENV_FILE: _, ...rest } = here.environment;
    await Deno.mkdir(here.path("run"));
    await Deno.copyFile(`${data}/service.json`, here.path("run/service.json"));
    const other = { ...rest, RUNTIME_DIRECTORY: here.path("run"), ROSTERD_ADMIN_TOKEN: TOKEN, ROSTERD_ENV_FILE: "/no" };
    const found = await here.spawnWith(other, "imports").output();
    assert.match(new TextDecoder().decode(found.stdout), /x\.csv/);

    await service.stop();
    await Deno.writeTextFile(
      `${data}/service.json`,
      JSON.stringify({ address: "http://127.0.0.1:1", pid: 1, started_at: "" }),
    );
    const stopped = await here.run("status", "--json");
    const { ready, problems } = JSON.parse(stopped.out);
    assert.deepEqual([stopped.code, ready], [1, false]);
    assert.ok(problems.some(({ code }: { code: string }) => code === "no_service"));
    assert.match(stopped.err, /service\.json is out of date: no rosterd answers at http:\/\/127\.0\.0\.1:1/);
    assert.match((await here.run("imports")).err, /using the database rosterd_test_\w+ on 127\.0\.0\.1:5432/);
    assert.deepEqual(Object.keys(await treeOf(here.folder)), ["run"]);
  },
});

Deno.test({
  name: "an unreadable environment file or admin token exits with 78, and the message says what to type",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url });
    const { data } = service.config;
    await using here = await Workplace.make({}, WITHOUT_POWER);
    await here.write("rosterd.env", `ROSTERD_DATA=${data}\n`);
    here.environment.ROSTERD_ENV_FILE = here.path("rosterd.env");
    await Deno.writeTextFile(`${data}/admin-token`, `${TOKEN}\n`);
    await Deno.chmod(`${data}/admin-token`, 0);
    const withoutToken = await here.run("imports");
    assert.deepEqual([withoutToken.code, withoutToken.out], [78, ""]);
    assert.match(
      withoutToken.err,
      /cannot read the admin token in \S+ \(EACCES\)\. Run this as root or as the service's user, or set/,
    );

    await Deno.chmod(here.path("rosterd.env"), 0);
    const { code, out, err } = await here.run("imports");
    assert.deepEqual([code, out], [78, ""]);
    assert.match(err, /cannot read \S+rosterd\.env \(EACCES\).* sudo -u rosterd rosterd imports$/m);
  },
});

Deno.test("rosterd parses an environment file as systemd does", () => {
  const text =
    '# comment\nA=plain # not a comment\n B = \'single $x\' \nC="dou\\"ble"\\\n d\nD=back\\slash\n;E=1\nF=\n';
  assert.deepEqual([...parseEnvironment(text)], [
    ...[["A", "plain # not a comment"], ["B", "single $x"], ["C", 'dou"ble d'], ["D", "backslash"], ["F", ""]],
  ]);
});
