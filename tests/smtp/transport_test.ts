import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { DEFAULT_SETTINGS, type Settings } from "../../src/domain/settings.ts";
import { MailError, type MailErrorKind } from "../../src/smtp/mail_error.ts";
import { checkLogin, createTransport, type Message, TIMEOUTS } from "../../src/smtp/transport.ts";
import { CERTIFICATE_FILE, startSmtpServer, TLS_SERVER_WORKS } from "../support/smtp_server.ts";

const LOGIN = { user: "rosterd", password: "correct horse" };
const HASTY = { ...TIMEOUTS, greeting: 300, socket: 300 };
const tlsTest = TLS_SERVER_WORKS ? Deno.test : Deno.test.ignore;
const never = new AbortController().signal;

function smtpTo(port: number, changes: Partial<Settings["smtp"]> = {}): Settings["smtp"] {
  return { ...DEFAULT_SETTINGS.smtp, host: "127.0.0.1", port, security: "none", ...changes };
}

function message(changes: Partial<Message> = {}): Message {
  return {
    messageId: "<one@rosterd.example>",
    date: new Date("2026-11-23T10:00:00Z"),
    from: "admin@rosterd.example",
    to: ["clerk@school.example", "second@school.example"],
    subject: "rosterd: x.csv: rejected",
    text: "Hello\n",
    html: "<p>Hello</p>\n",
    attachments: [],
    ...changes,
  };
}

/** Expects a failure whose text contains no secrets or addresses. Returns the failure. */
async function refusal(sending: Promise<unknown>, kind: MailErrorKind): Promise<MailError> {
  const error = await sending.then(() => assert.fail("the mail went"), (error: unknown) => error);
  assert.ok(error instanceof MailError, String(error));
  assert.equal(error.kind, kind, error.message);
  assert.doesNotMatch(error.message, /school|correct horse|admin@/);
  return error;
}

tlsTest("a mail arrives over STARTTLS with login, sender, recipients, Message-ID and file", async () => {
  await using server = await startSmtpServer({ login: LOGIN });
  const content = new TextEncoder().encode("\ufeffunique_id\r\nÉmile\r\n");
  const attachments = [{ filename: "x.T.failed.csv", contentType: "text/csv; charset=utf-8", content }];
  const send = createTransport({ ca: server.ca });
  const sent = await send(smtpTo(server.port, { ...LOGIN, security: "starttls" }), message({ attachments }), never);
  assert.deepEqual(sent, { refused: 0 });
  const [mail] = await server.received(1);
  assert.equal(mail.secure, true);
  assert.equal(mail.user, LOGIN.user);
  assert.deepEqual(mail.envelope, { from: "admin@rosterd.example", to: [...message().to] });
  assert.equal(mail.from?.value[0].address, "admin@rosterd.example");
  assert.equal(mail.replyTo?.value[0].address, "admin@rosterd.example");
  assert.equal(mail.messageId, "<one@rosterd.example>");
  assert.equal(mail.date?.toISOString(), "2026-11-23T10:00:00.000Z");
  assert.equal(mail.subject, "rosterd: x.csv: rejected");
  assert.equal(mail.text, "Hello\n");
  assert.equal(mail.headers.get("auto-submitted"), "auto-generated");
  assert.equal(mail.attachments.length, 1);
  assert.equal(mail.attachments[0].filename, "x.T.failed.csv");
  assert.deepEqual(new Uint8Array(mail.attachments[0].content), content);
});

tlsTest("the password in the environment overrides the password in the settings", async () => {
  await using server = await startSmtpServer({ login: LOGIN });
  const send = createTransport({ ca: server.ca, password: LOGIN.password });
  await send(smtpTo(server.port, { ...LOGIN, password: "old", security: "starttls" }), message(), never);
  assert.equal((await server.received(1))[0].user, LOGIN.user);
});

tlsTest('security "tls" starts TLS with the first byte', async () => {
  await using server = await startSmtpServer({ security: "tls" });
  await createTransport({ ca: server.ca })(smtpTo(server.port, { security: "tls" }), message(), never);
  assert.equal((await server.received(1))[0].secure, true);
});

Deno.test('security "none" uses no TLS, even if the server offers STARTTLS', async () => {
  await using server = await startSmtpServer();
  await createTransport()(smtpTo(server.port), message(), never);
  assert.equal((await server.received(1))[0].secure, false);
});

Deno.test("a server without STARTTLS gets no mail when the settings require STARTTLS", async () => {
  await using server = await startSmtpServer({ security: "none" });
  const smtp = smtpTo(server.port, { security: "starttls" });
  const error = await refusal(createTransport({ ca: server.ca })(smtp, message(), never), "temporary");
  assert.equal(error.details.code, "ETLS");
  assert.equal(server.mails.length, 0);
});

for (const security of ["starttls", "tls"] as const) {
  tlsTest(`an untrusted certificate is refused (${security})`, async () => {
    await using server = await startSmtpServer({ security, login: LOGIN });
    await refusal(createTransport()(smtpTo(server.port, { ...LOGIN, security }), message(), never), "temporary");
    assert.equal(server.mails.length, 0);
  });
}

tlsTest("a certificate for another name is refused", async () => {
  await using server = await startSmtpServer();
  const smtp = smtpTo(server.port, { host: "127.0.0.2", security: "starttls" });
  const relay = createServer((client) => {
    client.on("error", () => upstream.destroy());
    const upstream = connect(server.port, "127.0.0.1");
    upstream.on("error", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.2", resolve));
  const port = (relay.address() as AddressInfo).port;
  await refusal(createTransport({ ca: server.ca })({ ...smtp, port }, message(), never), "temporary");
  assert.equal(server.mails.length, 0);
  await new Promise((resolve) => relay.close(resolve));
});

tlsTest("a wrong password is an auth error that does not contain it", async () => {
  await using server = await startSmtpServer({ login: LOGIN });
  const smtp = smtpTo(server.port, { ...LOGIN, password: "correct horse battery", security: "starttls" });
  const error = await refusal(createTransport({ ca: server.ca })(smtp, message(), never), "auth");
  assert.equal(error.details.responseCode, 535);
});

tlsTest("a missing login is an auth error if the server requires one", async () => {
  await using server = await startSmtpServer({ login: LOGIN });
  const smtp = smtpTo(server.port, { security: "starttls" });
  await refusal(createTransport({ ca: server.ca })(smtp, message(), never), "auth");
});

const answers: [number, string | undefined, "MAIL" | "RCPT" | "DATA", MailErrorKind][] = [
  [451, undefined, "MAIL", "temporary"],
  [450, undefined, "RCPT", "temporary"],
  [421, undefined, "DATA", "temporary"],
  [452, "4.3.4 message too big for now", "DATA", "temporary"],
  [503, undefined, "MAIL", "temporary"],
  [550, "5.1.1 clerk@school.example is unknown, message size", "RCPT", "permanent"],
  [554, "5.7.1 size size size", "DATA", "permanent"],
  [552, undefined, "DATA", "too_big"],
  [554, "5.3.4 go away", "DATA", "too_big"],
  [550, "5.2.3 go away", "MAIL", "too_big"],
  [530, undefined, "MAIL", "auth"],
];
for (const [code, text, at, kind] of answers) {
  Deno.test(`${code} ${text ?? ""} at ${at} is ${kind}`, async () => {
    await using server = await startSmtpServer();
    server.misbehave({ how: "refuse", at, code, text });
    const error = await refusal(createTransport()(smtpTo(server.port), message(), never), kind);
    assert.equal(error.details.responseCode, code);
    assert.equal(server.mails.length, 0);
  });
}

Deno.test("an email with one refused recipient still goes to the others, and the refusal is counted", async () => {
  await using server = await startSmtpServer();
  server.misbehave({ how: "refuse", at: "RCPT", code: 550, recipient: "second@school.example" });
  const sent = await createTransport()(smtpTo(server.port), message(), never);
  assert.deepEqual(sent, { refused: 1 });
  assert.deepEqual((await server.received(1))[0].envelope.to, ["clerk@school.example"]);
});

Deno.test("a stopped server is a temporary error", async () => {
  const server = await startSmtpServer();
  const { port } = server;
  await server[Symbol.asyncDispose]();
  const error = await refusal(createTransport()(smtpTo(port), message(), never), "temporary");
  assert.equal(error.details.aboutThisMail, false);
});

Deno.test("a name that does not resolve is a temporary error", async () => {
  const smtp = smtpTo(25, { host: "mail.invalid" });
  const timeouts = { ...TIMEOUTS, dns: 500, connection: 1_000 };
  await refusal(createTransport({ timeouts })(smtp, message(), never), "temporary");
});

for (const how of ["silent", "stall"] as const) {
  Deno.test(`a hanging server fails within the timeouts (${how})`, async () => {
    await using server = await startSmtpServer();
    server.misbehave({ how });
    const send = createTransport({ timeouts: HASTY });
    const error = await refusal(send(smtpTo(server.port), message(), never), "temporary");
    assert.equal(error.details.code, "ETIMEDOUT");
  });
}

Deno.test("the total timeout applies to a busy server, too", async () => {
  await using server = await startSmtpServer();
  server.misbehave({ how: "stall" });
  const send = createTransport({ timeouts: { ...TIMEOUTS, total: 300 } });
  await refusal(send(smtpTo(server.port), message(), never), "temporary");
});

Deno.test("a connection lost after the final dot is a temporary error", async () => {
  await using server = await startSmtpServer();
  server.misbehave({ how: "drop" });
  await refusal(createTransport()(smtpTo(server.port), message(), never), "temporary");
  await server.received(1);
});

Deno.test("an abort ends an attempt immediately, with its reason", async () => {
  await using server = await startSmtpServer();
  server.misbehave({ how: "stall" });
  const stop = new AbortController();
  const sending = createTransport()(smtpTo(server.port), message(), stop.signal);
  const refused = assert.rejects(sending, (error) => error === stop.signal.reason);
  await server.misbehaved(1);
  stop.abort(new Error("the service ends"));
  await refused;
});

const injections: Partial<Message>[] = [
  { to: ["clerk@school.example\r\nRCPT TO:<spy@evil.example>"] },
  { to: ["clerk@school.example, spy@evil.example"] },
  { to: [] },
  { from: "admin@rosterd.example\nBcc: spy@evil.example" },
  { subject: "rosterd: x\r\nBcc: spy@evil.example" },
  { messageId: "<one@rosterd.example>\r\nBcc: spy@evil.example" },
  { attachments: [{ filename: "x\r\ny.csv", contentType: "text/csv", content: new Uint8Array() }] },
];
for (const injection of injections) {
  Deno.test(`no mail is sent with ${JSON.stringify(injection).slice(0, 70)}`, async () => {
    await using server = await startSmtpServer();
    await refusal(createTransport()(smtpTo(server.port), message(injection), never), "permanent");
    assert.equal(server.mails.length, 0);
  });
}

tlsTest("checkLogin distinguishes valid and invalid logins, and sends no mail", async () => {
  await using server = await startSmtpServer({ login: LOGIN });
  const smtp = smtpTo(server.port, { ...LOGIN, security: "starttls" });
  await checkLogin(smtp, { ca: server.ca }, never);
  await refusal(checkLogin(smtp, { ca: server.ca, password: "wrong" }, never), "auth");
  assert.equal(server.mails.length, 0);
});

for (const security of ["starttls", "tls"] as const) {
  tlsTest(`smtp.ca_file is trusted with ${security}, and without it the refused certificate is named`, async () => {
    await using server = await startSmtpServer({ security });
    const smtp = smtpTo(server.port, { security });
    const error = await refusal(createTransport()(smtp, message(), never), "temporary");
    assert.match(
      error.message,
      /^the mail server's certificate was refused: it is self-signed and not trusted: subject CN=rosterd test mail server \(.*\), issuer CN=.*, valid from \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$/,
    );
    await createTransport()({ ...smtp, ca_file: CERTIFICATE_FILE }, message(), never);
    assert.equal(server.mails.length, 1);
    const absent = await refusal(
      createTransport()({ ...smtp, ca_file: "/nowhere.pem" }, message(), never),
      "temporary",
    );
    assert.equal(absent.message, "the file in smtp.ca_file cannot be read (ENOENT)");
  });
}
