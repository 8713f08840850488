/** Tests faults of the process: an exit during work, broken outputs, a clock that jumps, and changed settings. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { serverUnavailable, testDatabase } from "../../support/postgres.ts";
import { FROM_SOURCE } from "../../support/rosterd.ts";
import { TestService } from "../../support/service.ts";
import { until } from "../../support/until.ts";
import type { ImportEntry } from "../../../src/importer/ports.ts";
import { Rosterds, type RosterdsOptions } from "./rosterds.ts";
import { survived } from "../verdict.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const CONTRACT_MS = 25_000;

interface Verdict {
  injected: number;
  kills?: number;
}

function fault(name: string, test: (w: Rosterds) => Promise<Verdict>, options: RosterdsOptions = {}): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using world = await Rosterds.make(options);
      const verdict = await test(world);
      await world.outside.inTheEnd();
      survived({ fault: `process: ${name}`, checks: world.outside.checks, ...verdict });
    },
  });
}

/** The next process imports the remaining files. */
async function carriesOn(w: Rosterds, files = 1): Promise<void> {
  const next = await w.start();
  await w.allImported(files);
  assert.equal((await w.end(next, "SIGTERM")).code, 0);
}

fault("SIGTERM while a file is read rolls the import back, and the service exits at once with code 0", async (w) => {
  const running = await w.start();
  await running.ask("POST", "/imports?wait=true");
  await w.drop(w.rosterOf("a.csv", 60_000));
  running.ask("POST", "/imports?wait=true").catch(() => {});
  await until("it is in COPY", async () => await w.backends("query ilike 'copy%' and state = 'active'") > 0);
  const { code, took, log } = await w.end(running, "SIGTERM");
  assert.equal(code, 0, log);
  assert.ok(took < 5_000, `it took ${took} ms`);
  await w.outside.atAnyInstant();
  const [{ users }] = await w.database.sql`select count(*)::int as users from rosterd.users`;
  assert.equal(users, 0);
  await carriesOn(w);
  return { injected: 1 };
});

fault("SIGTERM rolls back a statement that takes minutes, and the service exits within 25 s with code 0", async (w) => {
  const running = await w.start();
  await running.ask("POST", "/imports?wait=true");
  await w.mergesTake(300);
  await w.drop(w.rosterOf("a.csv", 10));
  running.ask("POST", "/imports?wait=true").catch(() => {});
  await w.inMerge();
  await w.nextMergesTake(0);
  const { code, took, log } = await w.end(running, "SIGTERM");
  assert.equal(code, 0, log);
  assert.ok(took < CONTRACT_MS, `it took ${took} ms`);
  assert.match(log, /"event":"stopped"/, "the service stopped in an orderly way");
  assert.equal(await w.backends(), 0, "no session is left");
  await w.outside.atAnyInstant();
  await carriesOn(w);
  return { injected: 1 };
});

fault("SIGTERM during a short statement lets the import finish", async (w) => {
  const running = await w.start();
  await running.ask("POST", "/imports?wait=true");
  await w.mergesTake(2);
  await w.drop(w.rosterOf("a.csv", 10));
  running.ask("POST", "/imports?wait=true").catch(() => {});
  await w.inMerge();
  const { code, log } = await w.end(running, "SIGTERM");
  assert.equal(code, 0, log);
  const [{ users }] = await w.database.sql`select count(*)::int as users from rosterd.users`;
  assert.equal(users, 10);
  await carriesOn(w);
  return { injected: 1 };
});

fault("a second SIGTERM ends the service immediately", async (w) => {
  const running = await w.start();
  await running.ask("POST", "/imports?wait=true");
  await w.mergesTake(300);
  await w.drop(w.rosterOf("a.csv", 10));
  running.ask("POST", "/imports?wait=true").catch(() => {});
  await w.inMerge();
  await w.nextMergesTake(0);
  running.process.kill("SIGTERM");
  await until("the service stops", async () => await running.ask("GET", "/healthz").then(() => false, () => true));
  // Two signals within a second count as one, because Ctrl-C under `deno task` arrives twice.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const { code, took } = await w.end(running, "SIGTERM");
  assert.notEqual(code, 0);
  assert.ok(took < 2_000, `it took ${took} ms`);
  await w.outside.atAnyInstant();
  await carriesOn(w);
  return { injected: 1 };
});

const quiet: [string, string][] = [
  ["with standard output and error closed", 'exec "$@" >&- 2>&-'],
  ["when the reader of its log has ended", '"$@" 2>&1 >/dev/null | head -c 1 >/dev/null'],
  ["when the disk for its log is full", 'exec "$@" >/dev/full 2>/dev/full'],
];
for (const [what, script] of quiet) {
  fault(`${what} it still imports`, async (w) => {
    const running = await w.start();
    await w.drop(w.rosterOf("a.csv", 10));
    await running.ask("POST", "/imports?wait=true");
    await w.drop(w.rosterOf("b.csv", 10));
    await running.ask("POST", "/imports?wait=true");
    await w.allImported(2);
    Deno.kill(running.pid(), "SIGTERM");
    await w.ended(running, 0);
    assert.equal(await w.backends(), 0);
    return { injected: 1 };
  }, { program: ["bash", "-c", script, "bash", ...FROM_SOURCE] });
}

fault("a process killed during a long statement leaves nothing, and the next one imports the file", async (w) => {
  const running = await w.start();
  await running.ask("POST", "/imports?wait=true");
  await w.mergesTake(300);
  await w.drop(w.rosterOf("a.csv", 10));
  running.ask("POST", "/imports?wait=true").catch(() => {});
  await w.inMerge();
  await w.nextMergesTake(0);
  await w.end(running, "SIGKILL");
  await w.outside.atAnyInstant();
  await carriesOn(w);
  return { injected: 1, kills: 1 };
});

for (
  const [what, throwing] of [["a rejection", "Promise.reject(error)"], [
    "an error",
    "setTimeout(() => { throw error })",
  ]]
) {
  Deno.test(`${what} without a handler ends the process with exit code 1 and a log line without data`, async () => {
    const run = new URL("../../../src/cli/run.ts", import.meta.url);
    const program = `
      import { run } from ${JSON.stringify(run.href)};
      const error = new TypeError("Nachname-Qz at work:1:1");
      const command = {
        words: "serve", flags: {}, summary: "", help: "",
        run: () => { ${throwing}; return new Promise((resolve) => setTimeout(resolve, 60_000)); },
      };
      Deno.exit(await run([], { version: "0", commands: [command] }));`;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", program],
      cwd: fileURLToPath(new URL("../../..", import.meta.url)),
      stdin: "null",
    }).output();
    const log = new TextDecoder().decode(stderr), out = new TextDecoder().decode(stdout);
    assert.equal(code, 1, log);
    assert.equal(out, "");
    const line = JSON.parse(log.trim());
    assert.deepEqual([line.level, line.event, line.error], ["error", "crashed", "TypeError"]);
    assert.doesNotMatch(log, /Nachname/);
    survived({ fault: `process: ${what} without a handler`, injected: 1, checks: 4 });
  });
}

const ROSTER = "unique_id,login_source,city\n1,ldap,Hull\n2,ldap,\n";

Deno.test({
  name: "files settle and turns run even if the clock jumps forward or back",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    let ahead = 0;
    const clock = { now: () => new Date(Date.now() + ahead), elapsed: () => performance.now() };
    const settings = { settle_seconds: 1 };
    await using service = await TestService.start({ databaseUrl: database.url, settings, clock, withoutMail: true });
    let files = 0;
    for (const jump of [0, 400 * 86_400_000, -400 * 86_400_000, -86_400_000, 0]) {
      await service.drop(`roster${++files}.csv`, ROSTER);
      ahead = jump;
      await service.turn();
      const began = performance.now();
      await until("the file is imported", async () => (await service.turn()).length === 1);
      assert.ok(performance.now() - began > 500, "the file had to settle");
    }
    const { imports } = await service.get<{ imports: ImportEntry[] }>("/imports");
    assert.deepEqual(imports.map(({ status }) => status), Array(files).fill("done"));
    survived({ fault: "process: a clock that jumps", injected: 4, checks: 2 * files });
  },
});

Deno.test({
  name: "an import uses the settings from its start, and changes apply to the next import",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url });
    await service.import("first.csv", ROSTER.replace("2,ldap,", "2,ldap,Ottawa"));
    const { sql } = database;
    const other = await sql.reserve();
    await other`begin`;
    await other`select from rosterd.users where unique_id = '1' for update`;
    await service.drop("second.csv", ROSTER.replace("Hull", "Gatineau"));
    const turn = service.turn();
    await until(
      "it waits for the user",
      async () => (await service.get<{ running: unknown }>("/status")).running !== null,
    );
    const changed = await service.fetch("/settings", {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: JSON.stringify({ mail_on: "always", empty_values: "clear" }),
    });
    assert.equal(changed.status, 200, await changed.text());
    await other`commit`;
    other.release();
    const [second] = await turn;
    assert.deepEqual([second.settings.mail_on, second.settings.empty_values], ["failures", "keep"]);
    assert.equal(second.mail, "none");
    const cityOf2 = async () => (await sql`select city from rosterd.users where unique_id = '2'`)[0].city;
    assert.equal(await cityOf2(), "Ottawa");
    const third = await service.import("third.csv", ROSTER);
    assert.deepEqual([third.settings.mail_on, third.settings.empty_values], ["always", "clear"]);
    assert.equal(await cityOf2(), null);
    survived({ fault: "process: settings that change during an import", injected: 1, checks: 5 });
  },
});
