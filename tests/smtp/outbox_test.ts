import assert from "node:assert/strict";
import postgres from "postgres";
import { noCounts } from "../../src/domain/outcome.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/domain/settings.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { keepingSettings, settingsColumn } from "../../src/postgres/history/import_settings.ts";
import { enqueue, newMessageId, PostgresOutboxStore } from "../../src/postgres/history/outbox_store.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { createLog } from "../../src/runtime/log.ts";
import { BakFolder } from "../../src/inbox/bak/bak_folder.ts";
import { storedFile } from "../../src/service/mailer.ts";
import { MAX_GZIPPED_BYTES } from "../../src/smtp/attachment.ts";
import {
  GIVE_UP_AFTER_MS,
  LOGIN_RETRY_MS,
  MIN_ATTEMPTS,
  Outbox,
  type OutboxDependencies,
} from "../../src/smtp/outbox.ts";
import { createTransport, TIMEOUTS } from "../../src/smtp/transport.ts";
import { group } from "./samples.ts";
import { startSmtpServer, TLS_SERVER_WORKS } from "../support/smtp_server.ts";

const SERVER = Deno.env.get("TEST_DATABASE_URL") ?? "postgres://postgres@127.0.0.1:5432/postgres";
const MINUTE = 60_000;
const never = new AbortController().signal;

/** A new database, a mail server, a clock that the test sets, and a `bak` folder. */
async function world(timeouts = TIMEOUTS) {
  const name = `rosterd_test_mail_${crypto.randomUUID().replaceAll("-", "")}`;
  const admin = postgres(SERVER, { max: 1, onnotice: () => {} });
  await admin`create database ${admin(name)}`;
  const url = new URL(SERVER);
  url.pathname = `/${name}`;
  const sql = postgres(url.href, { max: 4, onnotice: () => {} });
  await migrate(sql as never);
  const server = await startSmtpServer();
  const bak = await Deno.makeTempDir();
  let passed = 1_000;
  const clock = { now: () => new Date(Date.now() + passed), elapsed: () => passed };
  const logged: string[] = [];
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    reply_to_admin_email: "admin@rosterd.example",
    failed_import_email: "clerk@school.example, second@school.example",
    smtp: { ...DEFAULT_SETTINGS.smtp, host: "127.0.0.1", port: server.port, security: "none" },
  };
  const dependencies: OutboxDependencies = {
    store: new PostgresOutboxStore(sql),
    findImport: (id) => findImport(sql, id),
    loadDetails: () => Promise.resolve({ fresh: [FRESH], known: [], earlier: [], held: [], heldColumns: [] }),
    failedFile: async ({ id }) => {
      const [{ failed_file }] = await sql`select failed_file from rosterd.imports where id = ${id}`;
      return failed_file && storedFile(new BakFolder(bak), failed_file);
    },
    heldFile: () => Promise.resolve(null),
    changesFile: () => Promise.resolve(null),
    settings: () => settings,
    transport: createTransport({ ca: server.ca, timeouts }),
    clock,
    log: createLog({ level: "debug", format: "json", now: clock.now, write: (line) => logged.push(line) }),
    random: () => 0.5,
  };
  return {
    sql,
    server,
    bak,
    settings,
    dependencies,
    logged,
    pass: (milliseconds: number) => passed += milliseconds,
    outbox: new Outbox(dependencies),
    /** Adds a finished import with two failed records, its file in `bak`, and its email. */
    async imported(file: string, content = "\ufeffunique_id\r\n1\r\n"): Promise<number> {
      const failedFile = `${crypto.randomUUID()}.failed.csv`;
      await Deno.writeTextFile(`${bak}/${failedFile}`, content);
      return await sql.begin(async (tx) => {
        const [{ id }] = await tx`
          with ${keepingSettings(tx, settings)}
          insert into rosterd.imports
            (file, status, records, failed, failed_new, created, settings_digest, bak_file, failed_file)
          select ${file}, 'failed_records', 5, 2, 2, 3, digest, ${file}, ${failedFile} from kept returning id`;
        await enqueue(tx, { kind: "failures", importId: Number(id), messageId: newMessageId("admin@rosterd.example") });
        return Number(id);
      });
    },
    async mailOf(id: number): Promise<string> {
      return (await sql`select mail from rosterd.imports where id = ${id}`)[0].mail;
    },
    async [Symbol.asyncDispose]() {
      await sql.end();
      await admin`drop database ${admin(name)}`;
      await admin.end();
      await server[Symbol.asyncDispose]();
      await Deno.remove(bak, { recursive: true });
    },
  };
}

const FRESH = group({ records: 2, line: 2, reason: "must be one email address" });

async function findImport(sql: postgres.Sql, id: number) {
  const [row] = await sql`select *, ${settingsColumn(sql)} from rosterd.imports where id = ${id}`;
  if (row === undefined) return null;
  const counts = Object.fromEntries(Object.keys(noCounts()).map((name) => [name, Number(row[name])]));
  return { ...row, ...counts, id, started_at: row.started_at.toISOString() } as unknown as ImportEntry;
}

Deno.test("a waiting mail goes to all recipients with its file, and its import is marked as sent", async () => {
  await using w = await world();
  const id = await w.imported("Übersicht 😀.csv");
  assert.equal(await w.mailOf(id), "waiting");
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
  const [mail] = await w.server.received(1);
  assert.equal(mail.subject, "rosterd: Übersicht 😀.csv: 2 new failures");
  assert.deepEqual(mail.envelope.to, ["clerk@school.example", "second@school.example"]);
  assert.equal(mail.attachments[0].content.toString(), "\ufeffunique_id\r\n1\r\n");
  assert.equal(await w.mailOf(id), "sent");
  assert.equal(w.outbox.problem(), null);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 0, waiting: 0 });
});

Deno.test("an email waits until the file of its import is in bak", async () => {
  await using w = await world();
  const id = await w.imported("x.csv");
  await w.sql`update rosterd.imports set bak_file = null`;
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 0, waiting: 1 });
  await w.sql`update rosterd.imports set bak_file = 'x.T.csv'`;
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
  assert.equal(await w.mailOf(id), "sent");
});

Deno.test("without mail settings no mail is sent or lost", async () => {
  await using w = await world();
  await w.imported("x.csv");
  const bare = new Outbox({ ...w.dependencies, settings: () => ({ ...w.settings, failed_import_email: "" }) });
  w.pass(2 * GIVE_UP_AFTER_MS);
  assert.deepEqual(await bare.sendDue(never), { sent: 0, waiting: 1 });
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
});

Deno.test("an alert also goes to the admin, once to each address, with control characters shown as codes", async () => {
  await using w = await world();
  w.settings.failed_import_email = "clerk@school.example,admin@rosterd.example";
  const content = { subject: "rosterd: x\r\nBcc: spy@evil.example", text: "No file\u001b[2J.\nSee status.\n" };
  await enqueue(w.sql, { kind: "alert", content, messageId: newMessageId("admin@rosterd.example") });
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
  const [mail] = await w.server.received(1);
  assert.deepEqual(mail.envelope.to, ["clerk@school.example", "admin@rosterd.example"]);
  assert.equal(mail.subject, "rosterd: x\\u{d}\\u{a}Bcc: spy@evil.example");
  assert.equal(mail.text, "No file\\u{1b}[2J.\nSee status.\n");
  assert.equal(mail.bcc, undefined);
});

Deno.test("a line break in a file name does not reach the headers", async () => {
  await using w = await world();
  await w.imported("x\r\nBcc: spy@evil.example\r\n.csv");
  await w.outbox.sendDue(never);
  const [mail] = await w.server.received(1);
  assert.equal(mail.bcc, undefined);
  assert.equal(mail.envelope.to.length, 2);
  assert.match(mail.subject!, /^rosterd: x\\u\{d\}\\u\{a\}Bcc: spy@evil\.example/);
});

Deno.test("an email that is refused temporarily is retried after 1, 2, 4 … 60 minutes", async () => {
  await using w = await world();
  const id = await w.imported("x.csv");
  w.server.misbehave({ how: "refuse", at: "DATA", code: 451 });
  for (const [tries, minutes] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
    assert.deepEqual(await w.outbox.sendDue(never), { sent: 0, waiting: 1 });
    await w.server.misbehaved(tries + 1);
    w.pass((minutes - 0.5) * MINUTE);
    await w.outbox.sendDue(never);
    w.pass(MINUTE);
  }
  await assert.rejects(w.server.misbehaved(9, 10), /8 of 9/);
  assert.match(w.outbox.problem()!, /451/);
  assert.equal(await w.mailOf(id), "waiting");
  w.server.misbehave(null);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
  assert.equal(w.outbox.problem(), null);
});

Deno.test("an email lost after the final dot is retried with the same Message-ID, also after a restart", async () => {
  await using w = await world();
  await w.imported("x.csv");
  w.server.misbehave({ how: "drop" }, 1);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 0, waiting: 1 });
  w.pass(2 * MINUTE);
  const restarted = new Outbox({ ...w.dependencies, store: new PostgresOutboxStore(w.sql) });
  assert.deepEqual(await restarted.sendDue(never), { sent: 1, waiting: 0 });
  const [first, second] = await w.server.received(2);
  assert.ok(first.messageId!.endsWith("@rosterd.example>"));
  assert.equal(second.messageId, first.messageId);
  assert.deepEqual(second.date, first.date);
});

Deno.test("an email that a killed process had claimed is sent by the next process", async () => {
  await using w = await world();
  await w.imported("x.csv");
  const { store, clock } = w.dependencies;
  const now = clock.now();
  assert.equal((await store.claim(now, new Date(now.getTime() + 2 * MINUTE), "one")).length, 1);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 0, waiting: 1 });
  w.pass(3 * MINUTE);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
});

Deno.test("two processes on one database send each mail once", async () => {
  await using w = await world();
  for (let number = 1; number <= 8; number++) await w.imported(`${number}.csv`);
  const other = new Outbox({ ...w.dependencies, store: new PostgresOutboxStore(w.sql) });
  const [one, two] = await Promise.all([w.outbox.sendDue(never), other.sendDue(never)]);
  assert.equal(one.sent + two.sent, 8);
  assert.equal(new Set(w.server.mails.map(({ messageId }) => messageId)).size, 8);
  assert.equal(w.server.mails.length, 8);
});

Deno.test("rosterd gives up on an email after three days and ten attempts, and records this in the history", async () => {
  await using w = await world();
  const id = await w.imported("x.csv");
  w.server.misbehave({ how: "refuse", at: "RCPT", code: 450 });
  w.pass(GIVE_UP_AFTER_MS - MIN_ATTEMPTS * 61 * MINUTE);
  for (let tries = 1; tries < MIN_ATTEMPTS; tries++) {
    assert.deepEqual(await w.outbox.sendDue(never), { sent: 0, waiting: 1 });
    w.pass(61 * MINUTE);
  }
  w.pass(62 * MINUTE);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 0, waiting: 0 });
  assert.equal(await w.mailOf(id), "failed");
  assert.ok(w.logged.some((line) => line.includes("mail.gave_up")));
});

Deno.test("after a stop of three days, rosterd does not give up on an email at the first failure", async () => {
  await using w = await world();
  const id = await w.imported("x.csv");
  w.server.misbehave({ how: "refuse", at: "DATA", code: 451 }, 1);
  w.pass(2 * GIVE_UP_AFTER_MS);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 0, waiting: 1 });
  w.pass(2 * MINUTE);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
  assert.equal(await w.mailOf(id), "sent");
});

Deno.test("an email that is refused permanently is marked as failed, and the others are sent", async () => {
  await using w = await world();
  const refused = await w.imported("x.csv");
  const other = await w.imported("y.csv");
  w.server.misbehave({ how: "refuse", at: "DATA", code: 554 }, 1);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
  assert.equal(await w.mailOf(refused), "failed");
  assert.equal(await w.mailOf(other), "sent");
});

Deno.test("an email refused for its size is sent without its file, and the text names the file", async () => {
  await using w = await world();
  const id = await w.imported("x.csv");
  w.server.misbehave({ how: "refuse", at: "DATA", code: 552 }, 1);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
  const [mail] = await w.server.received(1);
  assert.equal(mail.attachments.length, 0);
  assert.match(mail.text!, /refused the attachment\. The file is in the folder "bak" .*\.failed\.csv/);
  assert.equal(await w.mailOf(id), "sent");
});

Deno.test("a file above 5 MiB is gzipped, and one above 7 MiB is named instead", async () => {
  await using w = await world();
  await w.imported("big.csv", "a,b,c\r\n".repeat(1_000_000));
  const huge = await w.imported("huge.csv", "");
  const noise = new Uint8Array(2 * MAX_GZIPPED_BYTES);
  for (let at = 0; at < noise.length; at += 65_536) crypto.getRandomValues(noise.subarray(at, at + 65_536));
  const [{ failed_file }] = await w.sql`select failed_file from rosterd.imports where id = ${huge}`;
  await Deno.writeFile(`${w.bak}/${failed_file}`, noise);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 2, waiting: 0 });
  const [big, named] = await w.server.received(2);
  assert.match(big.attachments[0].filename!, /\.failed\.csv\.gz$/);
  assert.equal(big.attachments[0].contentType, "application/gzip");
  assert.equal(named.attachments.length, 0);
  assert.ok(named.text!.includes(failed_file));
});

Deno.test("a missing file does not delay the mail", async () => {
  await using w = await world();
  await w.imported("x.csv");
  for await (const { name } of Deno.readDir(w.bak)) await Deno.remove(`${w.bak}/${name}`);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
  assert.match((await w.server.received(1))[0].text!, /could not be read for this email/);
});

Deno.test("while the server does not answer, other mails are not attempted", async () => {
  await using w = await world({ ...TIMEOUTS, greeting: 2_000 });
  for (let number = 1; number <= 5; number++) await w.imported(`${number}.csv`);
  w.server.misbehave({ how: "silent" });
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 0, waiting: 5 });
  await assert.rejects(w.server.misbehaved(2, 10), /1 of 2/);
  assert.match(w.outbox.problem()!, /did not answer in time/);
  w.server.misbehave(null);
  w.pass(2 * MINUTE);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 5, waiting: 0 });
});

(TLS_SERVER_WORKS ? Deno.test : Deno.test.ignore)(
  "a refused login pauses all mail until the settings change, and no message contains the password",
  async () => {
    await using w = await world();
    await using strict = await startSmtpServer({ login: { user: "rosterd", password: "right one" } });
    const id = await w.imported("x.csv");
    w.settings.smtp = {
      host: "127.0.0.1",
      port: strict.port,
      security: "starttls",
      user: "rosterd",
      password: "wrong-1",
      ca_file: "",
    };
    assert.deepEqual(await w.outbox.sendDue(never), { sent: 0, waiting: 1 });
    assert.match(w.outbox.problem()!, /refused the login \(535/);
    assert.equal(await w.mailOf(id), "waiting");
    let tries = 0;
    const counted = {
      ...w.dependencies,
      transport: (...call: Parameters<OutboxDependencies["transport"]>) => {
        tries++;
        return w.dependencies.transport(...call);
      },
    };
    const outbox = new Outbox(counted);
    for (let round = 0; round < 3; round++) await outbox.sendDue(never);
    assert.equal(tries, 1);
    w.pass(LOGIN_RETRY_MS + 1);
    await outbox.sendDue(never);
    assert.equal(tries, 2);
    w.settings.smtp = { ...w.settings.smtp, password: "right one" };
    assert.deepEqual(await outbox.sendDue(never), { sent: 1, waiting: 0 });
    assert.equal((await strict.received(1))[0].user, "rosterd");
    const [{ last_error }] = await w.sql`select string_agg(last_error, '') as last_error from rosterd.outbox`;
    assert.doesNotMatch([...w.logged, last_error, w.outbox.problem()].join(), /wrong-1|right one|school\.example/);
  },
);

Deno.test("the tenth mail within an hour becomes a digest of all others", async () => {
  await using w = await world();
  const ids: number[] = [];
  for (let number = 1; number <= 25; number++) ids.push(await w.imported(`${number}.csv`));
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 10, waiting: 0 });
  const mails = await w.server.received(10);
  const digest = mails[9];
  assert.equal(digest.subject, "rosterd: 16 imports need attention");
  assert.equal(digest.attachments.length, 0);
  for (let number = 10; number <= 25; number++) {
    assert.match(digest.text!, new RegExp(`- ${number}\\.csv: 2 new failures`));
  }
  assert.equal(digest.text!.match(/failed records: bak\//g)?.length, 16);
  for (const id of ids) assert.equal(await w.mailOf(id), "sent");
});

Deno.test("after ten mails within an hour, the others wait for the next hour and become a digest", async () => {
  await using w = await world();
  for (let number = 1; number <= 10; number++) {
    await w.imported(`${number}.csv`);
    await w.outbox.sendDue(never);
    w.pass(MINUTE);
  }
  await w.server.received(10);
  for (let number = 11; number <= 13; number++) await w.imported(`${number}.csv`);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 0, waiting: 3 });
  w.pass(50 * MINUTE);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
  assert.equal((await w.server.received(11))[10].subject, "rosterd: 3 imports need attention");
});

Deno.test("an email about a hold is sent first and separately, even above the hourly limit", async () => {
  await using w = await world();
  for (let number = 1; number <= 12; number++) await w.imported(`${number}.csv`);
  const hold = async (id: number) => {
    await w.sql`update rosterd.outbox set kind = 'held' where import_id = ${id}`;
    await w.sql`update rosterd.imports set status = 'held', held = 40, hold_state = 'open' where id = ${id}`;
  };
  await hold(12);
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 11, waiting: 0 });
  const mails = await w.server.received(11);
  assert.equal(mails[0].subject, "rosterd: 12.csv: 40 archivals on hold");
  assert.equal(mails[10].subject, "rosterd: 2 imports need attention");
  await hold(await w.imported("13.csv"));
  await w.imported("14.csv");
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 1 });
  const [, , , , , , , , , , , late] = await w.server.received(12);
  assert.equal(late.subject, "rosterd: 13.csv: 40 archivals on hold");
  assert.deepEqual(late.envelope.to, ["clerk@school.example", "second@school.example", "admin@rosterd.example"]);
});

Deno.test("a lost digest is retried completely, with the same Message-ID", async () => {
  await using w = await world();
  for (let number = 1; number <= 12; number++) await w.imported(`${number}.csv`);
  const lossy: OutboxDependencies["transport"] = (smtp, message, signal) => {
    if (message.subject.endsWith("attention")) w.server.misbehave({ how: "drop" }, 1);
    return w.dependencies.transport(smtp, message, signal);
  };
  const unlucky = new Outbox({ ...w.dependencies, transport: lossy });
  assert.deepEqual(await unlucky.sendDue(never), { sent: 9, waiting: 3 });
  w.pass(2 * MINUTE);
  const later = await w.imported("later.csv");
  await w.sql`update rosterd.outbox set next_try_at = ${w.dependencies.clock.now()} where import_id = ${later}`;
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 1 });
  const mails = await w.server.received(11);
  assert.equal(mails[10].subject, "rosterd: 3 imports need attention");
  assert.equal(mails[10].messageId, mails[9].messageId);
  assert.equal(new Set(mails.map(({ messageId }) => messageId)).size, 10);
});

Deno.test("a bad file every minute causes few mails a day", async () => {
  await using w = await world();
  let sent = 0;
  for (let hour = 0; hour < 3; hour++) {
    for (let minute = 0; minute < 60; minute++) {
      await w.imported(`${hour}-${minute}.csv`);
      sent += (await w.outbox.sendDue(never)).sent;
      w.pass(MINUTE);
    }
  }
  assert.ok(sent <= 30, `${sent} mails in three hours`);
  const told = new Set(
    w.server.mails.flatMap(({ subject, text }) => `${subject}\n${text}`.match(/\d-\d+\.csv/g) ?? []),
  );
  w.pass(60 * MINUTE);
  await w.outbox.sendDue(never);
  const waiting = await w.sql`select from rosterd.outbox where sent_at is null`;
  assert.equal(waiting.length, 0);
  assert.ok(told.size >= 120, `${told.size} files were told of`);
});

Deno.test("an abort during a send does not count as an attempt", async () => {
  await using w = await world();
  const id = await w.imported("x.csv");
  w.server.misbehave({ how: "stall" }, 1);
  const stop = new AbortController();
  const patient = new Outbox({ ...w.dependencies, transport: createTransport() });
  const sending = patient.sendDue(stop.signal);
  await w.server.misbehaved(1);
  stop.abort();
  assert.deepEqual(await sending, { sent: 0, waiting: 1 });
  assert.equal(await w.mailOf(id), "waiting");
  assert.deepEqual(await w.outbox.sendDue(never), { sent: 1, waiting: 0 });
});

Deno.test("the log contains no file name, address or value", async () => {
  await using w = await world();
  await w.imported("x.csv");
  w.server.misbehave({ how: "refuse", at: "RCPT", code: 450, text: "4.2.0 clerk@school.example u-2 busy" }, 2);
  await w.outbox.sendDue(never);
  assert.ok(w.logged.length > 0);
  assert.doesNotMatch(w.logged.join(""), /school|u-2|busy/);
});
