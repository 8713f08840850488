/**
 * A real mail server on 127.0.0.1 for tests. The server keeps the emails it accepts and misbehaves on command.
 *
 * The tests of `src/smtp/` and the end-to-end tests use this server. Its certificate (`tests/testdata/smtp/`) is
 * self-signed, for `localhost` and 127.0.0.1. A client that receives `ca` trusts the certificate. A process trusts the
 * certificate with `DENO_CERT=CERTIFICATE_FILE`.
 *
 * @example await using server = await startSmtpServer({ login: { user: "rosterd", password: "secret" } });
 * server.misbehave({ how: "refuse", at: "DATA", code: 451 }, 1); const [mail] = await server.received(1);
 */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate } from "node:timers";
import { fileURLToPath } from "node:url";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";

const TESTDATA = new URL("../testdata/smtp/", import.meta.url);

/** The path to the server's certificate, for `DENO_CERT`. */
export const CERTIFICATE_FILE = fileURLToPath(new URL("localhost.crt", TESTDATA));

/**
 * Whether this Deno can start TLS as a server on an existing connection. Deno 2.6.8 hangs in the handshake; 2.9.6 does
 * not. The program under test acts only as a client.
 */
export const TLS_SERVER_WORKS = Number(Deno.version.deno.split(".")[1]) >= 9 || !Deno.version.deno.startsWith("2.");

export interface SmtpServerOptions {
  /** "starttls" (default): TLS is offered but optional. "tls": TLS from the first byte. "none": TLS is not offered. */
  security?: "starttls" | "tls" | "none";
  /** The required login, offered only over an encrypted connection. Default: none. */
  login?: { user: string; password: string };
  /** The maximum message size in bytes. Larger messages are refused with `552 5.3.4` after the final dot. */
  largest?: number;
  /** The port to listen on, for replacing an earlier server. Default: a free port. */
  port?: number;
}

/** One way in which the server misbehaves. */
export type Misbehaviour =
  /** Answers the command with `CODE TEXT`; `recipient` limits this to one address at RCPT. */
  | { how: "refuse"; at: "MAIL" | "RCPT" | "DATA"; code: number; text?: string; recipient?: string }
  /** The server never sends the greeting. */
  | { how: "silent" }
  /**
   * Acts like another kind of server, or one that refuses all clients: sends this instead of the greeting and
   * disconnects.
   */
  | { how: "babble"; text: string }
  /** The server disconnects in the middle of the message. */
  | { how: "cut" }
  /** Accepts the message but never answers the final dot. `keeps`: whether to deliver the email anyway. */
  | { how: "stall"; keeps?: boolean }
  /** Delivers the email, then disconnects instead of answering the final dot. */
  | { how: "drop" };

/** An email that the server accepted, with details of its connection. */
export interface ReceivedMail extends ParsedMail {
  envelope: { from: string; to: string[] };
  /** Whether the email was sent over TLS. */
  secure: boolean;
  /** The user who logged in, or null. */
  user: string | null;
  /** The size of the whole message in bytes. */
  bytes: number;
}

export interface SmtpTestServer extends AsyncDisposable {
  readonly port: number;
  /** The certificate to trust, in PEM. */
  readonly ca: string;
  /** All emails accepted so far, oldest first. */
  readonly mails: readonly ReceivedMail[];
  /** Resolves to the first `count` emails once they have arrived. Rejects after `withinMs` (20 s). */
  received(count: number, withinMs?: number): Promise<ReceivedMail[]>;
  /** Misbehaves the next `times` times (by default, always). Null ends the misbehavior. */
  misbehave(misbehaviour: Misbehaviour | null, times?: number): void;
  /** Resolves once the server has misbehaved `count` times in total. Rejects after `withinMs` (20 s). */
  misbehaved(count: number, withinMs?: number): Promise<void>;
}

/** Starts the server on a free port. Disposal closes the server and every connection. */
export async function startSmtpServer(options: SmtpServerOptions = {}): Promise<SmtpTestServer> {
  const server = new TestServer(options);
  await server.listen();
  return server;
}

class TestServer implements SmtpTestServer {
  readonly ca = readFileSync(CERTIFICATE_FILE, "utf8");
  readonly mails: ReceivedMail[] = [];
  readonly #server: SMTPServer;
  readonly #largest: number;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  readonly #changed = new EventTarget();
  #misbehaviour: Misbehaviour | null = null;
  #timesLeft = 0;
  #timesDone = 0;

  constructor({ security = "starttls", login, largest = Infinity, port = 0 }: SmtpServerOptions) {
    this.#largest = largest;
    this.#port = port;
    this.#server = new SMTPServer({
      secure: security === "tls",
      key: readFileSync(new URL("localhost.key", TESTDATA)),
      cert: this.ca,
      disabledCommands: [...(security === "starttls" ? [] : ["STARTTLS"]), ...(login ? [] : ["AUTH"])],
      authOptional: login === undefined,
      disableReverseLookup: true,
      onAuth: ({ username, password }, _session, done) => {
        if (username === login?.user && password === login?.password) return done(null, { user: username });
        done(refusal(535, "5.7.8 the login is wrong"));
      },
      onConnect: (session, done) => {
        const plan = this.#misbehaviour;
        if (plan?.how === "babble" && this.#acts("babble")) return this.#socketOf(session)?.end(plan.text);
        if (!this.#acts("silent")) done();
      },
      onMailFrom: (_address, _session, done) => done(this.#refusalAt("MAIL")),
      onRcptTo: ({ address }, _session, done) => done(this.#refusalAt("RCPT", address)),
      onData: (stream, session, done) => void this.#take(stream, session).then(done, done),
    });
    // Node's list of connections omits those that the server has closed but the client has not.
    this.#server.server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    // Socket errors are ignored because many tests make the client disconnect.
    this.#server.on("error", () => {});
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen(this.#port, "127.0.0.1", resolve);
    await promise;
  }

  async received(count: number, withinMs = 20_000): Promise<ReceivedMail[]> {
    const seen = () => `${this.mails.length} of ${count} mails came`;
    await this.#until(() => this.mails.length >= count, withinMs, seen);
    return this.mails.slice(0, count);
  }

  async misbehaved(count: number, withinMs = 20_000): Promise<void> {
    const seen = () => `it misbehaved ${this.#timesDone} of ${count} times`;
    await this.#until(() => this.#timesDone >= count, withinMs, seen);
  }

  misbehave(misbehaviour: Misbehaviour | null, times = Infinity): void {
    this.#misbehaviour = misbehaviour;
    this.#timesLeft = times;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Does not wait for the `close` callback: on Deno 2.6.8, it is never called if the server itself ended a connection
    // (421). The port is free as soon as `close` is called.
    this.#server.server.close();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Reads the whole message, then accepts it or misbehaves as requested. */
  async #take(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<null> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) {
      if (this.#acts("cut")) {
        this.#socketOf(session)?.destroy();
        return await new Promise(() => {});
      }
      chunks.push(chunk);
    }
    const raw = Buffer.concat(chunks);
    if (this.#misbehaviour?.how === "stall" && this.#misbehaviour.keeps) this.mails.push(await describe(raw, session));
    if (this.#acts("stall")) return await new Promise(() => {});
    const refused = this.#refusalAt("DATA");
    if (refused !== null) throw refused;
    if (raw.length > this.#largest) throw refusal(552, "5.3.4 message exceeds the largest size");
    this.mails.push(await describe(raw, session));
    const drop = this.#acts("drop");
    this.#changed.dispatchEvent(new Event("change"));
    if (!drop) return null;
    this.#socketOf(session)?.destroy();
    return await new Promise(() => {});
  }

  #socketOf(session: SMTPServerSession): Socket | undefined {
    return [...this.#server.connections].find(({ id }) => id === session.id)?._socket;
  }

  #refusalAt(command: "MAIL" | "RCPT" | "DATA", recipient?: string): Error | null {
    const plan = this.#misbehaviour;
    if (plan?.how !== "refuse" || plan.at !== command) return null;
    if (plan.recipient !== undefined && plan.recipient !== recipient) return null;
    return this.#acts("refuse") ? refusal(plan.code, plan.text ?? "refused for a test") : null;
  }

  #acts(how: Misbehaviour["how"]): boolean {
    if (this.#misbehaviour?.how !== how || this.#timesLeft <= 0) return false;
    this.#timesLeft--;
    this.#timesDone++;
    this.#changed.dispatchEvent(new Event("change"));
    return true;
  }

  async #until(fulfilled: () => boolean, withinMs: number, seen: () => string): Promise<void> {
    if (fulfilled()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => fulfilled() && resolve();
    const timer = setTimeout(() => reject(new Error(`after ${withinMs} ms ${seen()}`)), withinMs);
    this.#changed.addEventListener("change", look);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#changed.removeEventListener("change", look);
    }
  }
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

async function describe(raw: Buffer, session: SMTPServerSession): Promise<ReceivedMail> {
  const { mailFrom, rcptTo } = session.envelope;
  return {
    ...await simpleParser(raw),
    envelope: { from: mailFrom === false ? "" : mailFrom.address, to: rcptTo.map(({ address }) => address) },
    secure: session.secure,
    user: session.user ?? null,
    bytes: raw.length,
  };
}
