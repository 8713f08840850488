/** Commands that contact the running service: run, imports with filters, settings history and test-mail. */
import assert from "node:assert/strict";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { type Ended, Workplace } from "../support/rosterd.ts";
import { TestService, TOKEN } from "../support/service.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: tests of ${import.meta.url}: ${unavailable}`);

const ROSTER = "unique_id,login_source,city\n1,ldap,Ottawa\n2,ldap,Hull\n";

/** Runs a test against a running service; `run` executes a command that finds it. */
function besideService(
  name: string,
  test: (service: TestService, run: (...words: string[]) => Promise<Ended>) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await using service = await TestService.start({ databaseUrl: database.url });
      await using here = await Workplace.make({ ROSTERD_ADMIN_TOKEN: TOKEN, ROSTERD_DATA: service.config.data });
      await test(service, (...words) => here.run(...words));
    },
  });
}

besideService("run imports what waits, says what failed, and exits as import does", async (service, run) => {
  const quiet = await run("run");
  assert.deepEqual([quiet.code, quiet.out], [0, "no files to import\n"]);
  await service.drop("good.csv", ROSTER);
  const good = await run("run");
  assert.deepEqual([good.code, good.out], [0, "good.csv: done\n  records 2, created 2\n"]);
  await service.drop("bad.csv", ROSTER + "3,,Gatineau\n");
  const bad = await run("run");
  assert.match(bad.out, /^bad\.csv: 1 of 3 records failed\n {2}records 3, .*\n {2}line 4 \(3\): 9014 /);
  assert.equal(bad.code, 2);
  await service.drop("again.csv", ROSTER);
  const { imports: [entry] } = JSON.parse((await run("run", "--json")).out);
  assert.deepEqual([entry.file, entry.unchanged], ["again.csv", 2]);
});

besideService("imports are filtered by status, day and file, and shown as a table", async (service, run) => {
  await service.import("Students.csv", ROSTER);
  await service.import("staff.csv", ROSTER + "3,,Gatineau\n");
  const table = (await run("imports")).out.trimEnd().split("\n");
  assert.match(table[0], /^2 {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}failed_records {2}staff\.csv {5}records 3, /);
  assert.match(table[1], /^1 {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}done {12}Students\.csv {2}records 2, created 2$/);
  const files = async (...flags: string[]) => {
    const { imports } = JSON.parse((await run("imports", "--json", ...flags)).out);
    return imports.map(({ file }: { file: string }) => file);
  };
  assert.deepEqual(await files("--status", "done"), ["Students.csv"]);
  assert.deepEqual(await files("--file", "STU"), ["Students.csv"]);
  assert.deepEqual(await files("--file", "%"), []);
  assert.deepEqual(await files("--since", "2999-01-01"), []);
  const now = new Date();
  const today = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
  assert.deepEqual(await files("--since", today, "--until", today), ["staff.csv", "Students.csv"]);
  assert.deepEqual(await files("--until", `${today}T00:00`), []);
  for (const words of [["--status", "good"], ["--since", "yesterday"], ["--limit", "0"]]) {
    const { code, err } = await run("imports", ...words);
    assert.equal(code, 64);
    assert.match(err, new RegExp(`${words[0]} must be .*, not "${words[1]}"`));
  }
});

besideService("settings history says who changed what, and test-mail what the server said", async (service, run) => {
  assert.equal((await run("settings", "set", "login_sources=ldap,sso", "interval_minutes=7")).code, 0);
  const { out } = await run("settings", "history");
  assert.match(out, /^\d{4}-\d\d-\d\d \d\d:\d\d {2}changed over HTTP by \S+\n/m);
  assert.match(out, /^ {2}login_sources: \[\] → \["ldap","sso"\]$/m);
  await run("settings", "set", "login_sources=");
  assert.equal((await run("settings", "get", "login_sources")).out, "[]\n");

  const sent = await run("settings", "test-mail");
  assert.deepEqual([sent.code, sent.out], [0, "the mail server accepted an email to registry@example.edu\n"]);
  await service.set({ smtp: { host: "" } });
  const unset = await run("settings", "test-mail");
  assert.deepEqual([unset.code, unset.out], [
    1,
    "set smtp.host, reply_to_admin_email and failed_import_email first\n",
  ]);
});
