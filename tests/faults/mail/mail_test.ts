/**
 * Tests email with a misbehaving mail server. Runs a whole service on a real database and checks it from outside. The
 * import is always completed, and its email is either sent or marked as failed. `mail_slow.ts` contains the tests that
 * take real time.
 */
import assert from "node:assert/strict";
import { serverUnavailable } from "../../support/postgres.ts";
import { TLS_SERVER_WORKS } from "../../support/smtp_server.ts";
import { until } from "../../support/until.ts";
import { MailProcess } from "./process.ts";
import { HOUR, MailWorld, type MailWorldOptions, MINUTE, rosterOf, SECRETS } from "./world.ts";
import { survived } from "../verdict.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

interface FaultOptions extends MailWorldOptions {
  ignore?: boolean;
}

/** Registers a test. `test` returns the number of times it injected the fault. */
function fault(name: string, test: (world: MailWorld) => Promise<number>, options: FaultOptions = {}): void {
  Deno.test({
    name,
    ignore: unavailable !== null || options.ignore === true,
    async fn() {
      await using world = await MailWorld.start(options);
      const injected = await test(world);
      survived({ fault: `mail: ${name}`, injected, checks: await world.inTheEnd() });
    },
  });
}

/** Registers a test that runs `rosterd serve` as a separate process. */
function processFault(
  name: string,
  options: FaultOptions,
  test: (world: MailProcess) => Promise<{ injected: number; kills: number }>,
): void {
  Deno.test({
    name,
    ignore: unavailable !== null || options.ignore === true,
    async fn() {
      await using world = await MailProcess.make(options);
      const counts = await test(world);
      survived({ fault: `mail: ${name}`, ...counts, checks: await world.inTheEnd() });
    },
  });
}

fault("imports continue while the mail server is down, and mails are sent once the server is back", async (w) => {
  await w.serverGoes();
  const first = await w.import("a.csv");
  assert.match((await w.tried(first, 1)).error, /ECONNREFUSED/);
  assert.match((await w.problem())!, /connection to the mail server failed/);
  const second = await w.import("b.csv");
  w.outside.logIsClean(await w.told(), SECRETS);
  await w.serverComes();
  w.pass(2 * MINUTE);
  for (const entry of [first, second]) await w.mailIs(entry, "sent");
  assert.equal(w.mails.length, 2);
  assert.equal(await w.problem(), undefined);
  return 1;
});

fault("a mail waits while the name of the mail server cannot be resolved, and the status says so", async (w) => {
  const entry = await w.import("a.csv");
  assert.match((await w.tried(entry, 1, 30_000)).error, /cannot be resolved \(EDNS/);
  assert.match((await w.problem())!, /cannot be resolved/);
  const changed = await w.service.fetch("/settings", {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify({ smtp: { host: "127.0.0.1", password: "" } }),
  });
  assert.equal(changed.status, 200, await changed.text());
  w.pass(2 * MINUTE);
  await w.mailIs(entry, "sent");
  return 1;
}, { smtp: { host: "mail.invalid" } });

for (const [what, how] of [["a greeting that never comes", "silent"], ["a stall behind the data", "stall"]] as const) {
  fault(`${what} delays neither imports nor the end of the service`, async (w) => {
    w.server.misbehave({ how });
    const first = await w.import("a.csv");
    await w.server.misbehaved(1);
    const second = await w.import("b.csv");
    for (const entry of [first, second]) assert.equal(await w.mailOf(entry), "waiting");
    const began = performance.now();
    await w.service.stop();
    assert.ok(performance.now() - began < 5_000, "the service ended at once");
    w.server.misbehave(null);
    await w.service.restart();
    for (const entry of [first, second]) await w.mailIs(entry, "sent");
    assert.equal(w.mails.length, 2, "an interrupted mail arrives once");
    return 1;
  });
}

const momentary = [
  ["421 in place of the greeting", { how: "babble", text: "421 4.3.2 registry@school.example go away\r\n" }],
  ["554 in place of the greeting", { how: "babble", text: "554 5.3.2 registry@school.example go away\r\n" }],
  ["a server that is not a mail server", { how: "babble", text: "HTTP/1.1 400 Bad Request\r\n\r\n" }],
  ["a server that closes the connection", { how: "babble", text: "" }],
  ["a connection that breaks during the data", { how: "cut" }],
  ["450 to the receiver", { how: "refuse", at: "RCPT", code: 450, text: "4.2.1 registry@school.example is busy" }],
  ["452 to the data", { how: "refuse", at: "DATA", code: 452, text: "4.3.1 no room for Nachname-Qz" }],
] as const;
for (const [what, misbehaviour] of momentary) {
  fault(`${what} causes retries, and no mail is given up`, async (w) => {
    w.server.misbehave(misbehaviour, 2);
    const entry = await w.import("a.csv");
    await w.tried(entry, 1);
    w.pass(1.3 * MINUTE);
    await w.tried(entry, 2);
    w.pass(2.5 * MINUTE);
    await w.mailIs(entry, "sent");
    assert.equal(w.mails.length, 1);
    return 2;
  });
}

fault(
  "a mail that is refused temporarily is retried at increasing intervals for three days, then marked as failed",
  async (w) => {
    w.server.misbehave({ how: "refuse", at: "DATA", code: 451 });
    const entry = await w.import("a.csv", { mailRefused: true });
    let tries = 0, last = 0;
    for (let due = 0; tries < 10; tries++) {
      w.pass(Math.max(0, due - last));
      last = due;
      const began = Date.now();
      const { next } = await w.tried(entry, tries + 1);
      const pause = next.getTime() - (began + last), minutes = Math.min(2 ** tries, 60);
      assert.ok(
        pause > 0.75 * minutes * MINUTE && pause < 1.3 * minutes * MINUTE,
        `${pause} ms after try ${tries + 1}`,
      );
      due = last + pause + 1_000;
    }
    w.pass(72 * HOUR);
    await w.mailIs(entry, "failed");
    assert.match((await w.problem())!, /451/);
    assert.ok(w.service.lines.some((line) => line.includes("mail.gave_up")));
    return tries + 1;
  },
);

fault("a mail that is refused for its size is sent again immediately without its attachment", async (w) => {
  w.server.misbehave({ how: "refuse", at: "DATA", code: 554, text: "5.3.4 Nachname-Qz is too long" }, 1);
  const entry = await w.import("a.csv");
  await w.mailIs(entry, "sent");
  const [mail] = w.mails;
  assert.equal(mail.attachments.length, 0);
  assert.match(mail.text!, /refused the attachment\. The file is in the folder "bak"/);
  assert.ok(mail.text!.includes((await w.service.bak()).find((name) => name.includes(".failed"))!));
  return 1;
});

fault("a mail that is too big even without its attachment is marked as failed, and delays no others", async (w) => {
  w.server.misbehave({ how: "refuse", at: "DATA", code: 552 }, 2);
  const first = await w.import("a.csv", { mailRefused: true });
  await w.mailIs(first, "failed");
  const second = await w.import("b.csv");
  await w.mailIs(second, "sent");
  return 2;
});

fault("a mail that is refused permanently is marked as failed immediately, and the next one is sent", async (w) => {
  w.server.misbehave({ how: "refuse", at: "RCPT", code: 550, text: "5.1.1 registry@school.example is unknown" }, 1);
  const refused = await w.import("a.csv", { mailRefused: true });
  await w.mailIs(refused, "failed");
  assert.match((await w.problem())!, /refused the message \(550 5\.1\.1/);
  const { mail } = (await w.service.get<{ imports: { mail: string }[] }>("/imports")).imports[0];
  assert.equal(mail, "failed", "the list of imports shows it too");
  await w.mailIs(await w.import("b.csv"), "sent");
  return 1;
});

fault("a mail server that no longer offers STARTTLS gets nothing in clear text", async (w) => {
  const entry = await w.import("a.csv");
  assert.match((await w.tried(entry, 1)).error, /could not be secured with TLS/);
  assert.match((await w.problem())!, /TLS/);
  assert.equal(w.mails.length, 0);
  return 1;
}, { smtp: { security: "starttls", user: "rosterd", password: "correct horse" } });

for (const security of ["starttls", "tls"] as const) {
  fault(`a mail server with an untrusted certificate gets no mail (${security})`, async (w) => {
    const entry = await w.import("a.csv");
    assert.match(
      (await w.tried(entry, 1)).error,
      /^the mail server's certificate was refused: it is self-signed and not trusted/,
    );
    assert.notEqual(await w.problem(), undefined);
    assert.equal(w.mails.length, 0);
    return 1;
  }, {
    ignore: !TLS_SERVER_WORKS,
    server: { security, login: { user: "rosterd", password: "correct horse" } },
    smtp: { security, user: "rosterd", password: "correct horse" },
  });
}

processFault("a wrong password pauses the mail until the settings are fixed, and no message contains it", {
  ignore: !TLS_SERVER_WORKS,
  server: { security: "starttls", login: { user: "rosterd", password: "correct horse" } },
  smtp: { security: "starttls", user: "rosterd", password: "wrong horse" },
}, async (w) => {
  await w.starts();
  for (const name of ["a.csv", "b.csv"]) await w.import(name);
  const { mail } = await until("the status shows the refusal", async () => {
    const status = await w.ask("GET", "/status");
    return status.mail.problem !== undefined && status;
  });
  assert.match(mail.problem, /refused the login \(535/);
  const { imports } = await w.ask("GET", "/imports");
  assert.deepEqual(imports.map((entry: { mail: string }) => entry.mail), ["waiting", "waiting"]);
  const [{ tries }] = await w.database.sql<{ tries: number }[]>`select sum(tries) as tries from rosterd.outbox`;
  assert.equal(tries, 0, "the login was refused, not the mails");
  await w.ask("PATCH", "/settings", { smtp: { password: "correct horse" } });
  await w.ask("POST", "/imports?wait=true");
  await w.server.received(2);
  await w.ends("SIGTERM");
  assert.equal(w.log.match(/mail\.login_refused/g)?.length, 1, "the login was tried once");
  w.outside.logIsClean(w.log, ["wrong horse"]);
  return { injected: 1, kills: 0 };
});

for (const keeps of [false, true]) {
  const name = `if rosterd is killed during a mail that was ${
    keeps ? "" : "not "
  }delivered, it sends the mail again, and then the next ones`;
  processFault(name, {}, async (w) => {
    await w.starts();
    w.server.misbehave({ how: "stall", keeps });
    await w.import("a.csv");
    await w.server.misbehaved(1);
    await w.import("b.csv");
    await w.ends("SIGKILL");
    w.server.misbehave(null);
    await w.starts();
    const kept = keeps ? 1 : 0;
    assert.match((await w.server.received(kept + 1))[kept].subject!, /b\.csv/, "the other mail was not claimed");
    await w.minutesPass(2);
    await w.ask("POST", "/imports?wait=true");
    const mails = await w.server.received(kept + 2);
    const ids = new Set(mails.map(({ messageId }) => messageId));
    assert.equal(ids.size, 2, "a second copy has the same Message-ID");
    await until("both are sent", async () => {
      const { imports } = await w.ask("GET", "/imports");
      return imports.every((entry: { mail: string }) => entry.mail === "sent");
    });
    await w.ends("SIGTERM");
    assert.equal(w.server.mails.length, kept + 2);
    return { injected: 1, kills: 1 };
  });
}

fault("a mail that is lost after the final dot is sent again with the same Message-ID", async (w) => {
  w.server.misbehave({ how: "drop" }, 1);
  const entry = await w.import("a.csv");
  await w.tried(entry, 1);
  w.pass(2 * MINUTE);
  await w.mailIs(entry, "sent");
  const [first, second] = w.mails;
  assert.equal(w.mails.length, 2);
  assert.equal(second.messageId, first.messageId);
  return 1;
});

const LINES = "x\r\nBcc: spy@evil.example\r\n\r\nboo\u202e.csv";
fault("a line break in a file name does not reach headers, recipients or log", async (w) => {
  const entry = await w.import(LINES);
  assert.equal(entry.file, LINES, "the history keeps the original name");
  await w.mailIs(entry, "sent");
  const [mail] = w.mails;
  assert.deepEqual(mail.envelope.to, ["registry@school.example"]);
  assert.deepEqual([mail.bcc, mail.headers.get("bcc")], [undefined, undefined]);
  assert.match(mail.subject!, /^rosterd: x\\u\{d\}\\u\{a\}Bcc: spy@evil\.example/);
  assert.equal(mail.attachments.length, 1);
  // deno-lint-ignore no-control-regex
  for (const text of [mail.subject!, mail.attachments[0].filename!]) assert.doesNotMatch(text, /[\u0000-\u001f\u202e]/);
  for (const line of w.service.lines) assert.equal(line.trimEnd().split("\n").length, 1);
  // The subject contains the printable form of the name.
  w.mails[0].subject += LINES;
  return 1;
});

fault("an address with a line break is refused over HTTP and in the file", async (w) => {
  const spy = "registry@school.example\r\nBcc: spy@evil.example";
  for (const key of ["failed_import_email", "reply_to_admin_email"]) {
    const { status } = await w.service.fetch("/settings", {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: JSON.stringify({ [key]: spy }),
    });
    assert.equal(status, 422, key);
  }
  const good = await Deno.readTextFile(w.service.config.settings);
  await Deno.writeTextFile(
    w.service.config.settings,
    JSON.stringify({ ...JSON.parse(good), failed_import_email: spy }),
  );
  const file = rosterOf("a.csv");
  w.outside.expect(file);
  await w.service.drop(file.name, file.content);
  assert.deepEqual(await w.service.turn(), [], "nothing is imported until the settings are fixed");
  assert.equal((await w.service.fetch("/readyz")).status, 503);
  await Deno.writeTextFile(w.service.config.settings, good);
  const [entry] = await w.service.turn();
  await w.mailIs(entry, "sent");
  assert.deepEqual(w.mails[0].envelope.to, ["registry@school.example"]);
  return 3;
});

fault(
  "a bad file every minute for a quarter of an hour causes few mails, and each file is reported",
  (w) => w.floodOf(16),
);

fault("a waiting mail survives restarts, and is not retried sooner", async (w) => {
  w.server.misbehave({ how: "refuse", at: "MAIL", code: 451 });
  const entry = await w.import("a.csv");
  const { next } = await w.tried(entry, 1);
  for (let restart = 0; restart < 3; restart++) await w.service.restart();
  assert.deepEqual((await w.tried(entry, 1)).next, next);
  w.server.misbehave(null);
  w.pass(2 * MINUTE);
  await w.service.restart();
  await w.mailIs(entry, "sent");
  assert.equal(w.mails.length, 1);
  return 4;
});

fault("a clock that was a week ahead makes rosterd neither give up nor delay mails", async (w) => {
  await w.serverGoes();
  const first = await w.import("a.csv");
  await w.tried(first, 1);
  w.pass(7 * 24 * HOUR);
  await w.tried(first, 2);
  w.pass(-7 * 24 * HOUR);
  await w.serverComes();
  await w.mailIs(first, "sent");
  return 2;
});

fault("ten mails sent while the clock was a day ahead do not stop mail for a day", async (w) => {
  w.pass(24 * HOUR);
  for (let number = 0; number < 10; number++) await w.mailIs(await w.import(`${number}.csv`), "sent");
  w.pass(-24 * HOUR);
  await w.mailIs(await w.import("after.csv"), "sent");
  return 1;
});
