/** Tests two `rosterd serve` processes that share a database, both from source and compiled. */
import assert from "node:assert/strict";
import { Outside } from "../invariants.ts";
import { numbers } from "./kills.ts";
import { Rosterds, type RosterdsOptions } from "./rosterds.ts";
import { until } from "../../support/until.ts";
import { survived } from "../verdict.ts";

/** The time limit for a takeover. */
export const TAKEOVER_MS = 60_000;

/** One rosterd imports while the other reports that it is standing by. */
export async function standsBy(options: RosterdsOptions): Promise<void> {
  await using w = await Rosterds.make(options);
  const first = await w.start();
  await first.ask("POST", "/imports?wait=true");
  const second = await w.start();
  assert.deepEqual(await second.ask("POST", "/imports?wait=true"), { imports: [] });
  const [led, stood] = [await first.ask("GET", "/status"), await second.ask("GET", "/status")];
  assert.deepEqual([led.standby, stood.standby], [false, true]);
  const said = (status: { problems: { code: string }[] }) => status.problems.some(({ code }) => code === "standby");
  assert.deepEqual([said(led), said(stood)], [false, true]);
  assert.deepEqual([led.ready, stood.ready], [true, true], "a rolling replacement waits until the new one is ready");
  const { out } = await w.here.run("status", "--data", "elsewhere");
  assert.match(out, /an instance of rosterd has been using this database since \d{4}-/);
  assert.match((await w.here.run("status", "--data", "data1")).err, /using the service at http/);

  await w.drop(w.rosterOf("a.csv", 10));
  await second.ask("POST", "/imports?wait=true");
  await w.outside.atAnyInstant();
  await first.ask("POST", "/imports?wait=true");
  await w.allImported(1);
  const ended = await w.end(second, "SIGTERM");
  assert.match(ended.log, /"event":"standing_by"/);
  assert.equal(ended.code, 0);
  await w.end(first, "SIGTERM");
  const alone = await w.here.run("status", "--data", "data1");
  assert.match(alone.out, /no rosterd is using this database/);
  await w.outside.inTheEnd();
  survived({ fault: "two rosterd: one imports, the other stands by", injected: 1, checks: w.outside.checks });
}

/** Kills the leader at `moment` and measures how long the standby takes to import the file. */
export async function takesOver(
  what: string,
  options: RosterdsOptions & { users: number; mergeSeconds: number },
  moment: (w: Rosterds) => Promise<void>,
): Promise<void> {
  await using w = await Rosterds.make(options);
  const leader = await w.start();
  await leader.ask("POST", "/imports?wait=true");
  await w.start();
  await w.mergesTake(options.mergeSeconds);
  await w.drop(w.rosterOf("a.csv", options.users));
  leader.ask("POST", "/imports?wait=true").catch(() => {});
  await moment(w);
  await w.nextMergesTake(0);
  const { took } = await w.end(leader, "SIGKILL");
  const killed = performance.now() - took;
  await w.outside.atAnyInstant();
  await w.allImported(1, TAKEOVER_MS);
  const seconds = Math.round((performance.now() - killed) / 100) / 10;
  console.log(`the other one imported the file ${seconds} s after the kill (${what})`);
  await w.outside.inTheEnd();
  await until("the killed leader has no session left", async () => await w.backends("wait_event = 'PgSleep'") === 0);
  survived({ fault: `two rosterd: the leader is killed ${what}`, injected: 1, kills: 1, checks: w.outside.checks });
}

/** Repeatedly starts a new service and stops the old one during an import while files keep arriving. */
export async function rolls(times: number, options: RosterdsOptions): Promise<void> {
  await using w = await Rosterds.make(options);
  let running = await w.start();
  await w.mergesTake(0.3);
  let files = 0, longest = 0;
  for (let roll = 0; roll < times; roll++) {
    for (let file = 0; file < 3; file++) await w.drop(w.rosterOf(`roster${files++}.csv`, 50));
    running.ask("POST", "/imports?wait=true").catch(() => {});
    const next = await w.start();
    await w.inMerge();
    const { code, took, log } = await w.end(running, "SIGTERM");
    longest = Math.max(longest, took);
    assert.equal(code, 0, log);
    assert.ok(took < 25_000, `it ended after ${took} ms`);
    await w.outside.atAnyInstant();
    running = next;
  }
  await running.ask("POST", "/imports?wait=true");
  await w.allImported(files, TAKEOVER_MS);
  await w.outside.inTheEnd();
  console.log(`${times} replacements, the longest end took ${Math.round(longest)} ms`);
  survived({
    fault: "two rosterd: replaced during imports while files arrive",
    injected: times,
    checks: w.outside.checks,
  });
}

/**
 * The leader hangs during an import and loses leadership. The old leader continues and finishes its import while the
 * new leader tries to import the same file.
 */
export async function deposed(times: number, options: RosterdsOptions): Promise<void> {
  await using w = await Rosterds.make(options);
  let leader = await w.start();
  await leader.ask("POST", "/imports?wait=true");
  let other = await w.start();
  for (let time = 0; time < times; time++) {
    await w.mergesTake(2.5);
    const file = w.rosterOf(`roster${time}.csv`, 10);
    const failed = time % 2;
    if (failed > 0) Object.assign(file, { content: `${file.content},ldap\n`, status: "failed_records", failed });
    await w.drop(file);
    leader.ask("POST", "/imports?wait=true").catch(() => {});
    await w.inMerge();
    const began = await startOfLast(w);
    leader.process.kill("SIGSTOP");
    await w.depose();
    await until("the other one begins", async () => await startOfLast(w) !== began);
    await w.outside.atAnyInstant();
    leader.process.kill("SIGCONT");
    await w.allImported(time + 1);
    const [entry] = await w.database.sql`select created, failed from rosterd.imports where file = ${file.name}`;
    assert.deepEqual(entry, { created: 10, failed }, "the history shows the import that was applied");
    [leader, other] = [other, leader];
    await until("the other one stands by", async () => (await other.ask("GET", "/status")).standby);
  }
  for (const one of [leader, other]) {
    const { log } = await w.end(one, "SIGTERM");
    const ended = [...log.matchAll(/"imported".*?"roster(\d+)\.csv"/g)].map(([, file]) => Number(file) % 2);
    const own = one === leader ? (times - 1) % 2 : times % 2;
    assert.ok(ended.every((odd) => odd === own), `the old leader left the remaining files to the new one: ${ended}`);
  }
  await w.outside.inTheEnd();
  const [{ gone }] = await w.database.sql<{ gone: number }[]>`
    select count(*) as gone from rosterd.imports where file_gone_at is not null`;
  assert.equal(gone, 0, "no file that the other one moved was reported as removed");
  survived({
    fault: "two rosterd: the leader hangs, loses leadership and continues",
    injected: times,
    checks: w.outside.checks,
  });
}

async function startOfLast({ database: { sql } }: Rosterds): Promise<number> {
  const [{ started_at }] = await sql`select started_at from rosterd.imports order by id desc limit 1`;
  return started_at.getTime();
}

/** The leader hangs and never continues. */
export async function hangs(options: RosterdsOptions): Promise<void> {
  await using w = await Rosterds.make(options);
  const leader = await w.start();
  await leader.ask("POST", "/imports?wait=true");
  await w.start();
  const began = performance.now();
  leader.process.kill("SIGSTOP");
  await w.drop(w.rosterOf("a.csv", 10));
  await w.allImported(1, TAKEOVER_MS);
  console.log(
    `the other one had imported the file ${Math.round((performance.now() - began) / 1_000)} s after the stop`,
  );
  leader.process.kill("SIGCONT");
  await until("the first one stands by", async () => (await leader.ask("GET", "/status")).standby);
  await w.outside.inTheEnd();
  survived({ fault: "two rosterd: the leader hangs", injected: 1, checks: w.outside.checks });
}

/** Kills the leader at random moments while files arrive and another rosterd stands by. */
export async function killedInTurn(kills: number, options: RosterdsOptions): Promise<void> {
  await using w = await Rosterds.make(options);
  const seed = Date.now() % 1_000_000, random = numbers(seed);
  let leader = await w.start();
  await w.mergesTake(0.2);
  let longest = 0;
  for (let kill = 0; kill < kills; kill++) {
    // If no file is left, this rosterd may not be the leader yet, and the next one could become the leader instead.
    await until("it is the leader", async () => {
      await leader.ask("POST", "/imports?wait=true");
      return !(await leader.ask("GET", "/status")).standby;
    });
    const next = await w.start();
    await w.drop(w.rosterOf(`roster${kill}.csv`, Math.ceil(random() * 20_000)));
    leader.ask("POST", "/imports?wait=true").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, random() * 1_000));
    const killed = performance.now();
    await w.end(leader, "SIGKILL");
    await w.outside.atAnyInstant();
    await w.allImported(kill + 1, TAKEOVER_MS);
    longest = Math.max(longest, performance.now() - killed);
    leader = next;
  }
  await w.outside.inTheEnd();
  console.log(`seed ${seed}: ${kills} kills, the longest takeover took ${Math.round(longest)} ms`);
  survived({ fault: "two rosterd: killed in turn", injected: kills, kills, checks: w.outside.checks });
}

/** With separate folders, only the leader imports; the standby's folder waits until the standby becomes the leader. */
export async function foldersOfTheirOwn(options: RosterdsOptions): Promise<void> {
  await using w = await Rosterds.make(options);
  const first = await w.start();
  await first.ask("POST", "/imports?wait=true");
  const second = await w.start("--upload", "other");
  const other = new Outside({ upload: w.here.path("other"), sql: w.database.sql, mails: null });
  const waiting = { ...w.rosterOf("b.csv", 5) };
  other.expect(waiting);
  await w.drop(waiting, "other");
  await second.ask("POST", "/imports?wait=true");
  await w.drop(w.rosterOf("a.csv", 5));
  await first.ask("POST", "/imports?wait=true");
  await w.allImported(1);
  await w.outside.inTheEnd();
  await other.atAnyInstant();
  assert.deepEqual([...Deno.readDirSync(w.here.path("other"))].map(({ name }) => name).includes("b.csv"), true);
  await w.end(first, "SIGTERM");
  await until("the other one is the leader", async () => !(await second.ask("GET", "/status")).standby);
  await second.ask("POST", "/imports?wait=true");
  const entries = await w.database.sql`select file from rosterd.imports where bak_file is not null order by id`;
  assert.deepEqual(entries.map(({ file }) => file), ["a.csv", "b.csv"]);
  await other.atAnyInstant();
  survived({
    fault: "two rosterd: one database, separate folders",
    injected: 1,
    checks: w.outside.checks + other.checks,
  });
}
