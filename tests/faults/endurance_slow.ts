/**
 * Imports thousands of small files while random faults happen. Afterwards, the numbers of handles, sessions and
 * temporary files and the memory use must be the same as at the beginning. `ROSTERD_FILES` sets the number of files,
 * 4,000 by default.
 */
import assert from "node:assert/strict";
import { readdir, readFile, readlink } from "node:fs/promises";
import { serverUnavailable, type TestDatabase, testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";
import { type SmtpTestServer, startSmtpServer } from "../support/smtp_server.ts";
import { until } from "../support/until.ts";
import { Outside } from "./invariants.ts";
import { numbers } from "./processes/kills.ts";
import { KINDS, prepareFor, rosterOf, settingsFor } from "./rosters.ts";
import { survived } from "./verdict.ts";

const FILES = Number(Deno.env.get("ROSTERD_FILES") ?? 4_000);
const FILES_A_ROUND = 20;
/** The number of fault-free rounds at the beginning, which determine the normal level. */
const WARM_UP = 5;
const MOST_MIB = 256;
const TOKEN = "token-of-the-test";

const unavailable = await serverUnavailable() ??
  (Deno.build.os === "linux" ? null : "handles are counted on Linux only");
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

interface Scene {
  here: Workplace;
  database: TestDatabase;
  smtp: SmtpTestServer;
  address: string;
  random: () => number;
}

/** The faults in a round. Each fault ends before the next one begins. */
const FAULTS: Readonly<Record<string, (scene: Scene) => Promise<() => Promise<void>>>> = {
  "the server ends all sessions": async ({ database: { sql } }) => {
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'rosterd'`;
    return nothing;
  },
  "the database is read-only": async ({ database: { sql } }) => {
    const [{ name }] = await sql`select current_database() as name`;
    const set = (value: string) => sql.unsafe(`alter database ${name} set default_transaction_read_only = ${value}`);
    await set("on");
    return async () => void await set("off");
  },
  "another program locks the users": async ({ database: { sql } }) => {
    const locked = Promise.withResolvers<void>(), release = Promise.withResolvers<void>();
    const other = sql.begin(async (tx) => {
      await tx`lock table rosterd.users in share row exclusive mode`;
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    return async () => {
      release.resolve();
      await other;
    };
  },
  "a file in place of bak": async ({ here }) => {
    await Deno.rename(here.path("upload/bak"), here.path("bak.away"));
    await here.write("upload/bak", "");
    return async () => {
      await Deno.remove(here.path("upload/bak"));
      await Deno.rename(here.path("bak.away"), here.path("upload/bak"));
    };
  },
  "settings broken by hand": async ({ here }) => {
    const settings = await Deno.readTextFile(here.path("settings.json"));
    await here.write("settings.json", settings.slice(0, -5));
    return () => here.write("settings.json", settings);
  },
  "a silent mail server": ({ smtp }) => misbehaving(smtp, { how: "silent" }),
  "a mail server that accepts mails and closes the connection": ({ smtp }) => misbehaving(smtp, { how: "drop" }),
  "a mail server that refuses mails temporarily": ({ smtp }) =>
    misbehaving(smtp, { how: "refuse", at: "DATA", code: 451 }),
  "wrong tokens over HTTP": async ({ address }) => {
    const headers = { authorization: "Bearer wrong" };
    for (let at = 0; at < 15; at++) await (await fetch(`${address}/status`, { headers })).body?.cancel();
    return nothing;
  },
  "entries that are not uploads": async ({ here, random }) => {
    const name = here.path(`upload/strange${Math.floor(random() * 1e9)}.csv`);
    await Deno.symlink("/etc/hostname", name);
    await Deno.mkdir(here.path("upload/folder.csv"), { recursive: true });
    return async () => {
      await Deno.remove(name);
      await Deno.remove(here.path("upload/folder.csv"));
    };
  },
};

const nothing = async () => {};

function misbehaving(smtp: SmtpTestServer, how: Parameters<SmtpTestServer["misbehave"]>[0]) {
  smtp.misbehave(how, 1);
  return Promise.resolve(() => Promise.resolve(smtp.misbehave(null)));
}

Deno.test({
  name: `after ${FILES} files with random faults, nothing is lost and resource use has not grown`,
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using smtp = await startSmtpServer({ security: "none" });
    await using here = await Workplace.make({
      DATABASE_URL: database.url,
      ROSTERD_LISTEN: "127.0.0.1:0",
      ROSTERD_ADMIN_TOKEN: TOKEN,
    });
    await here.write("settings.json", JSON.stringify(settingsFor(smtp.port), null, 2));
    await Deno.mkdir(here.path("upload"));
    const service = here.spawn("serve");
    const output = service.output();
    try {
      const address = await addressOf(here);
      const scene = { here, database, smtp, address, random: numbers(Date.now() % 1e6) };
      await endure(scene, service.pid);
    } finally {
      service.kill("SIGTERM");
      const { code, stderr } = await output;
      assert.equal(code, 0, new TextDecoder().decode(stderr).slice(-2_000));
    }
  },
});

async function endure(scene: Scene, pid: number): Promise<void> {
  const { here, database: { sql }, smtp, random } = scene;
  const outside = new Outside({ upload: here.path("upload"), sql, mails: () => smtp.mails });
  const injected: Record<string, number> = {};
  let before = await measure(pid, scene);
  for (let first = 0, round = 0; first < FILES; first += FILES_A_ROUND, round++) {
    const names = Object.keys(FAULTS);
    await dropFiles(scene, outside, first);
    const fault = round < WARM_UP ? null : names[Math.floor(random() * names.length)];
    const mend = fault === null ? nothing : await FAULTS[fault](scene);
    if (fault !== null) injected[fault] = (injected[fault] ?? 0) + 1;
    await turn(scene);
    await mend();
    if (round === WARM_UP - 1) {
      await quiet(scene);
      before = await measure(pid, scene);
    }
  }
  await quiet(scene);
  await outside.inTheEnd();
  const after = await until("handles and sessions are back", async () => {
    const now = await measure(pid, scene);
    return now.handles <= before.handles + 2 && now.sessions <= before.sessions ? now : null;
  }, 120_000);
  console.log(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
  assert.ok(after.mebibytes < MOST_MIB, `${after.mebibytes} MiB`);
  assert.ok(after.mebibytes < before.mebibytes * 1.5, `${before.mebibytes} MiB became ${after.mebibytes}`);
  assert.deepEqual(after.temporary, []);
  for (const [fault, times] of Object.entries(injected)) survived({ fault, injected: times, checks: 0 });
  survived({ fault: `${FILES} files, one after the other`, injected: 0, checks: outside.checks + 4 });
}

async function dropFiles({ here, database: { sql } }: Scene, outside: Outside, first: number): Promise<void> {
  for (let n = first; n < first + FILES_A_ROUND; n++) {
    const file = rosterOf(KINDS[n % KINDS.length], n);
    await prepareFor(file, sql);
    outside.expect(file);
    await here.write(`upload/.${n}.part`, file.content);
    await Deno.rename(here.path(`upload/.${n}.part`), here.path(`upload/${file.name}`));
  }
}

/** Starts a turn. Does not wait for the turn to end while a fault has locked the users. */
async function turn({ address }: Scene): Promise<void> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const asked = fetch(`${address}/imports?wait=true`, { method: "POST", headers, signal: AbortSignal.timeout(3_000) });
  await asked.then((response) => response.body?.cancel()).catch((error) => {
    if (error.name !== "TimeoutError") throw error;
  });
}

/** Checks that every file is in its expected place, and that every email has been sent or reported. */
async function quiet(scene: Scene): Promise<void> {
  const { here, database: { sql } } = scene;
  await until("all is in bak", async () => {
    await turn(scene);
    const left = (await readdir(here.path("upload"))).length + (await readdir(here.path("upload/.rosterd"))).length;
    const [{ open }] = await sql`
      select count(*)::int as open from rosterd.imports where status in ('running', 'error') or bak_file is null`;
    return left === 2 && open === 0;
  }, 300_000);
}

interface Measures {
  mebibytes: number;
  handles: number;
  sessions: number;
  /** Temporary files anywhere in the upload folder. */
  temporary: string[];
}

async function measure(pid: number, { here, database: { sql } }: Scene): Promise<Measures> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const [{ sessions }] = await sql`
    select count(*)::int as sessions from pg_stat_activity
    where datname = current_database() and application_name = 'rosterd'`;
  const names = [...await readdir(here.path("upload")), ...await readdir(here.path("upload/bak")).catch(() => [])];
  return {
    mebibytes: Math.round(Number(/VmRSS:\s*(\d+)/.exec(status)![1]) / 1024),
    handles: (await handlesOf(pid)).length,
    sessions,
    temporary: names.filter((name) => name.startsWith(".rosterd-")),
  };
}

/** Open files of the process, excluding short-lived sockets. */
async function handlesOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const open = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => null)));
  return open.filter((target) => target !== null);
}

async function addressOf(here: Workplace): Promise<string> {
  const read = () => Deno.readTextFile(here.path("data/service.json")).catch(() => null);
  return JSON.parse(await until("it listens", read, 30_000)).address;
}
