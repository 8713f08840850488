/**
 * Memory stays below a fixed limit for any input (I8): a million failed records, users repeated with different values,
 * thousands of waiting files, and a quote that stays open for 2 GiB. `ROSTERD_FAILURES` and `ROSTERD_GIB` can reduce
 * the sizes.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { measure, watchPeak } from "../bench/program.ts";
import { ROSTER_HEADER, writeRoster } from "../bench/roster.ts";
import { serverUnavailable, type TestDatabase, testDatabase } from "../support/postgres.ts";
import { FROM_SOURCE, Workplace } from "../support/rosterd.ts";
import { type ReceivedMail, startSmtpServer } from "../support/smtp_server.ts";
import { until } from "../support/until.ts";
import { survived } from "./verdict.ts";

const FAILURES = Number(Deno.env.get("ROSTERD_FAILURES") ?? 1_000_000);
const BYTES = Number(Deno.env.get("ROSTERD_GIB") ?? 2) * 2 ** 30;
const WAITING_FILES = 20_000;
const MOST_MIB = 256;
const LONGEST_MS = 900_000;

const unavailable = await serverUnavailable() ??
  (Deno.build.os === "linux" ? null : "memory is measured on Linux only");
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

function onServer(name: string, test: (database: TestDatabase, here: Workplace) => Promise<void>): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await using here = await Workplace.make({
        DATABASE_URL: database.url,
        ROSTERD_LISTEN: "127.0.0.1:0",
        ROSTERD_ADMIN_TOKEN: "token-of-the-test",
      });
      await test(database, here);
    },
  });
}

function assertFlat(what: string, peakMiB: number | null): void {
  console.log(`${what}: at most ${peakMiB} MiB resident`);
  assert.ok(peakMiB !== null && peakMiB < MOST_MIB, `${peakMiB} MiB`);
}

/** Counts the rows and bytes of the file, chunk by chunk. */
async function sizeOf(pieces: AsyncIterable<Uint8Array>): Promise<{ rows: number; bytes: number }> {
  let rows = 0, bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    for (const byte of piece) if (byte === 0x0a) rows++;
  }
  return { rows, bytes };
}

onServer(`the command line imports ${FAILURES} records that all fail in flat memory`, async (database, here) => {
  await writeRoster(here.path("roster.csv"), { records: FAILURES, failingEvery: 1 });
  const command = [...FROM_SOURCE, "import", "roster.csv", "--failed-file", "failed.csv", "--json"];
  const { code, out, err, peakMiB } = await measure(command, here.folder, here.environment);

  assert.equal(code, 2, err);
  const { imports: [report] } = JSON.parse(out);
  assert.deepEqual([report.records, report.failed, report.failures.length], [FAILURES, FAILURES, 1_000]);
  const [entry] = await database.sql<ImportEntry[]>`select status, failed from rosterd.imports`;
  assert.deepEqual(entry, { status: "failed_records", failed: FAILURES });
  const { rows } = await sizeOf((await Deno.open(here.path("failed.csv"))).readable);
  assert.equal(rows, FAILURES + 1);
  assertFlat(`import of ${FAILURES} failures`, peakMiB);
  survived({ fault: `contents: ${FAILURES} records that all fail, by the command line`, injected: 1, checks: 5 });
});

onServer(`the service imports, mails and shows ${FAILURES} failures in flat memory`, async (_, here) => {
  await using smtp = await startSmtpServer({ security: "none" });
  await configure(here, smtp.port);
  const service = here.spawn("serve");
  const peak = watchPeak(service.pid);
  const output = service.output();
  try {
    const { address } = JSON.parse(await until("it listens", () => read(here.path("data/service.json")), 30_000));
    const ask = (path: string, method = "GET") =>
      fetch(address + path, { method, headers: { authorization: "Bearer token-of-the-test" } });
    await writeRoster(here.path("upload/.roster.csv.part"), { records: FAILURES, failingEvery: 1 });
    await Deno.rename(here.path("upload/.roster.csv.part"), here.path("upload/roster.csv"));
    await (await ask("/imports", "POST")).body?.cancel();
    await assertMail(await smtp.received(1, LONGEST_MS), here);
    await assertHistory(ask);
  } finally {
    service.kill("SIGTERM");
    await output;
  }
  assertFlat(`service with ${FAILURES} failures`, peak.stop());
  survived({ fault: `contents: ${FAILURES} records that all fail, by the service`, injected: 1, checks: 6 });
});

const REPEATED_USERS = 20_000;

onServer("the service imports many records for each of 20,000 users, twice, in flat memory", async (_, here) => {
  await here.write("settings.json", JSON.stringify({ settle_seconds: 0, interval_minutes: 1_440 }));
  const records = 1.5 * FAILURES;
  const service = here.spawn("serve");
  const peak = watchPeak(service.pid), output = service.output();
  try {
    const { address } = JSON.parse(await until("it listens", () => read(here.path("data/service.json")), 30_000));
    const ask = (path: string, method = "GET") =>
      fetch(address + path, { method, headers: { authorization: "Bearer token-of-the-test" } });
    for (const name of ["one.csv", "two.csv"]) {
      await writeRepeated(here.path("upload/.part"), records);
      await Deno.rename(here.path("upload/.part"), here.path(`upload/${name}`));
      const { imports: [entry] } = await (await ask("/imports?wait=true", "POST")).json() as { imports: ImportEntry[] };
      assert.deepEqual([entry.records, entry.failed], [records, records - REPEATED_USERS]);
    }
  } finally {
    service.kill("SIGTERM");
    await output;
  }
  assertFlat(`service with ${records} records of ${REPEATED_USERS} users`, peak.stop());
  survived({
    fault: `contents: ${records} records of ${REPEATED_USERS} users, with different values`,
    injected: 2,
    checks: 3,
  });
});

/** Writes the users repeatedly, each time with different values. */
async function writeRepeated(path: string, records: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const writer = file.writable.getWriter(), encoder = new TextEncoder();
  let text = "unique_id,login_source,first_name,last_name,email,city,street,phone_cell\n";
  for (let record = 0; record < records; record++) {
    const user = record % REPEATED_USERS;
    text += `U${user},ldap,First${record},Last,u${user}@example.edu,City,${record} Long Street,555-${record}\n`;
    if (text.length < 1 << 20 && record < records - 1) continue;
    await writer.write(encoder.encode(text));
    text = "";
  }
  writer.releaseLock();
}

onServer("20,000 files wait in flat memory while many clients ask for the status", async (_, here) => {
  // A file without a line ending waits ten times as long.
  await here.write("settings.json", JSON.stringify({ settle_seconds: 6, interval_minutes: 1 }));
  await Deno.mkdir(here.path("upload"));
  for (let number = 0; number < WAITING_FILES; number++) {
    await here.write(`upload/roster-of-the-registry-${number}.csv`, `unique_id,login_source\nU${number},ldap`);
  }
  const service = here.spawn("serve");
  const peak = watchPeak(service.pid), output = service.output();
  try {
    const { address } = JSON.parse(await until("it listens", () => read(here.path("data/service.json")), 30_000));
    const headers = { authorization: "Bearer token-of-the-test" };
    const over = performance.now() + 45_000;
    let waiting = 0, bytes = 0;
    while (performance.now() < over) {
      const texts = await Promise.all(
        Array.from({ length: 5 }, async () => await (await fetch(`${address}/status`, { headers })).text()),
      );
      waiting = Math.max(waiting, JSON.parse(texts[0]).waiting_count);
      bytes = Math.max(bytes, ...texts.map((text) => text.length));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.equal(waiting, WAITING_FILES);
    assert.ok(bytes < 32_768, `a status of ${bytes} bytes`);
  } finally {
    service.kill("SIGTERM");
    await output;
  }
  assertFlat(`service with ${WAITING_FILES} waiting files`, peak.stop());
  survived({ fault: `folder: ${WAITING_FILES} waiting files`, injected: 1, checks: 3 });
});

async function configure(here: Workplace, port: number): Promise<void> {
  const settings = {
    settle_seconds: 0,
    interval_minutes: 1_440,
    reply_to_admin_email: "admin@example.edu",
    failed_import_email: "registry@example.edu",
    smtp: { host: "127.0.0.1", port, security: "none" },
  };
  await here.write("settings.json", JSON.stringify(settings));
}

async function read(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Asserts that the email names the file in `bak` instead of attaching it. */
async function assertMail([mail]: ReceivedMail[], here: Workplace): Promise<void> {
  const names = Array.from(Deno.readDirSync(here.path("upload/bak")), ({ name }) => name);
  const failed = names.find((name) => name.endsWith(".failed.csv"))!;
  // Attachments are not compared, because diffing megabytes takes gigabytes of memory.
  assert.deepEqual([mail.attachments.length, names.length], [0, 2]);
  assert.ok(mail.text!.includes(failed) && mail.bytes < 32_768, `a mail of ${mail.bytes} bytes`);
  const { size } = await Deno.stat(here.path(join("upload/bak", failed)));
  console.log(`a mail of ${mail.bytes} bytes instead of a file of ${size}`);
}

async function assertHistory(ask: (path: string) => Promise<Response>): Promise<void> {
  const { imports: [{ id, failed }] } = await (await ask("/imports")).json() as { imports: ImportEntry[] };
  assert.equal(failed, FAILURES);
  const after = FAILURES - 500;
  const page = await (await ask(`/imports/${id}/failures?limit=1000&after=${after}`)).json();
  assert.deepEqual([page.failures.length, page.next], [501, null]);
  const { rows } = await sizeOf((await ask(`/imports/${id}/failed.csv`)).body!);
  assert.equal(rows, FAILURES + 1);
}

onServer("a quote that stays open for 2 GiB fails one record and needs no extra memory", async (_, here) => {
  const records = await writeUnclosed(here.path("roster.csv"));
  const { code, out, err, peakMiB, seconds } = await measure(
    [...FROM_SOURCE, "check", "roster.csv", "--json"],
    here.folder,
    here.environment,
  );

  assert.equal(code, 2, err);
  const { checks: [report] } = JSON.parse(out);
  assert.deepEqual([report.records, report.created, report.failed], [records + 1, records, 1]);
  assert.deepEqual(report.failures.map(({ line, problems: [{ code }] }: typeof report.failures[0]) => [line, code]), [
    [2, "malformed"],
  ]);
  console.log(`${BYTES} bytes after an unclosed quote in ${Math.round(seconds)} s`);
  assertFlat("check of a quote that does not close", peakMiB);
  survived({ fault: `contents: a quote that stays open for ${BYTES} bytes`, injected: 1, checks: 4 });
});

/** Writes a record with an unclosed quote, followed by records of 2 KiB. Returns the number of records. */
async function writeUnclosed(path: string): Promise<number> {
  using file = await Deno.open(path, { write: true, create: true });
  const encoder = new TextEncoder();
  const columns = ROSTER_HEADER.split(",").length;
  const rest = ",".repeat(columns - 2) + "," + "n".repeat(2_000) + "\n";
  let text = `${ROSTER_HEADER},note\nU0,ldap,"never closed${",".repeat(columns - 2)}\n`;
  let written = 0, records = 0;
  while (written < BYTES) {
    while (text.length < 1 << 20) text += `U${++records},ldap${rest}`;
    const bytes = encoder.encode(text);
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    written += bytes.length;
    text = "";
  }
  return records;
}
