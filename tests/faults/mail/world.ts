/**
 * A whole service with a bad mail server and a clock that the test sets. {@link MailWorld.inTheEnd} checks from
 * outside: every import is complete, its file is in `bak`, every email is sent or marked as failed, and the log
 * contains no secret and no value of a user.
 */
import assert from "node:assert/strict";
import type { ImportEntry } from "../../../src/importer/ports.ts";
import type { StatusDocument } from "../../../src/http/service.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { TestService } from "../../support/service.ts";
import {
  type ReceivedMail,
  type SmtpServerOptions,
  type SmtpTestServer,
  startSmtpServer,
} from "../../support/smtp_server.ts";
import { until } from "../../support/until.ts";
import { type Dropped, Outside } from "../invariants.ts";

export const MINUTE = 60_000, HOUR = 60 * MINUTE;

/** Values that an email may contain but the log must not. */
export const SECRETS = ["Nachname-Qz", "correct horse", "registry@school.example", "admin@rosterd.example"];

export const MAIL_SETTINGS = {
  reply_to_admin_email: "admin@rosterd.example",
  failed_import_email: "registry@school.example",
};

/** Creates a roster with one new user and one record that fails. */
export function rosterOf(name: string): Dropped {
  const user = `U ${name.replace(/[^\w.]/g, "")}`;
  const content = `unique_id,login_source,last_name\n${user},ldap,Nachname-Qz\n,ldap,Nachname-Qz\n`;
  return { name, content, status: "failed_records", creates: [user], failed: 1 };
}

export interface MailWorldOptions {
  server?: SmtpServerOptions;
  /** Changes to the `smtp` settings, other than the port. */
  smtp?: Record<string, unknown>;
  settings?: Record<string, unknown>;
}

export class MailWorld implements AsyncDisposable {
  #passed = 0;
  #servers: SmtpTestServer[] = [];
  readonly outside: Outside;

  readonly #port: number;

  private constructor(readonly database: TestDatabase, readonly service: TestService, server: SmtpTestServer) {
    this.#port = server.port;
    this.#servers.push(server);
    this.outside = new Outside({ upload: service.upload, sql: database.sql, mails: () => this.mails });
  }

  static async start({ server, smtp, settings }: MailWorldOptions = {}): Promise<MailWorld> {
    const database = (await testDatabase())!;
    const mailServer = await startSmtpServer({ security: "none", ...server });
    let world: MailWorld | null = null;
    const passed = () => world === null ? 0 : world.#passed;
    const clock = {
      now: () => new Date(Date.now() + passed()),
      elapsed: () => performance.now() + Math.max(0, passed()),
    };
    const service = await TestService.start({
      databaseUrl: database.url,
      clock,
      settings: {
        ...MAIL_SETTINGS,
        smtp: { host: "127.0.0.1", port: mailServer.port, security: "none", ...smtp },
        ...settings,
      },
    });
    return world = new MailWorld(database, service, mailServer);
  }

  /** The current mail server, or the last one. */
  get server(): SmtpTestServer {
    return this.#servers.at(-1)!;
  }

  /** All emails that any server accepted. */
  get mails(): ReceivedMail[] {
    return this.#servers.flatMap(({ mails }) => mails);
  }

  /** Stops the mail server. */
  async serverGoes(): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }

  /** Starts a mail server on the same port. */
  async serverComes(options: SmtpServerOptions = {}): Promise<void> {
    this.#servers.push(await startSmtpServer({ security: "none", port: this.#port, ...options }));
  }

  /** Moves the service's clocks, but not the database's clock. The time of day may move backward. */
  pass(milliseconds: number): void {
    this.#passed += milliseconds;
  }

  /** Drops a file with one failure and imports it. The import must not wait for its email. */
  async import(name: string, { mailRefused = false } = {}): Promise<ImportEntry> {
    const file = { ...rosterOf(name), mailRefused };
    this.outside.expect(file);
    return await this.service.import(name, file.content);
  }

  /** Makes the service send due emails until `look` returns a result. */
  async mail<T>(what: string, look: () => Promise<T | null | false> | T | null | false, ms?: number): Promise<T> {
    await this.service.turn();
    return await until(what, look, ms);
  }

  /** The mail state of an import, read over HTTP. */
  async mailOf({ id }: ImportEntry): Promise<string> {
    return (await this.service.get<ImportEntry>(`/imports/${id}`)).mail;
  }

  /** Waits for a given mail state. */
  async mailIs(entry: ImportEntry, state: string, ms?: number): Promise<void> {
    await this.mail(`mail ${state}`, async () => await this.mailOf(entry) === state, ms);
  }

  /** Waits until the service has tried to send the email this many times and it is still pending. */
  async tried(entry: ImportEntry, times: number, ms?: number): Promise<{ error: string; next: Date }> {
    const { sql } = this.database;
    const found = await this.mail(`${times} tries`, async () => {
      const [row] = await sql<{ tries: number; last_error: string; next_try_at: Date }[]>`
        select tries, last_error, next_try_at from rosterd.outbox where import_id = ${entry.id}`;
      return row.tries === times && row;
    }, ms);
    assert.equal(await this.mailOf(entry), "waiting");
    return { error: found.last_error, next: found.next_try_at };
  }

  /** Imports one bad file per minute: at most ten emails an hour arrive, and none are waiting at the end. */
  async floodOf(files: number): Promise<number> {
    const came: number[] = [];
    for (let file = 0; file < files; file++) {
      await this.import(`bad${file}.csv`);
      this.pass(MINUTE);
      came.push(this.mails.length);
      // While the clock is being moved, an email may be in transit.
      assert.ok(came[file] - (came[file - 60] ?? 0) <= 11, `${came[file]} mails in ${file} minutes`);
    }
    this.pass(HOUR);
    await this.mail("nothing waits", async () => {
      const [{ waiting }] = await this.database.sql<{ waiting: number }[]>`
        select count(*) as waiting from rosterd.outbox where sent_at is null`;
      return waiting === 0;
    });
    assert.ok(this.mails.length - came[files - 1] <= 10, "the last hour");
    return files;
  }

  async problem(): Promise<string | undefined> {
    return (await this.service.get<StatusDocument>("/status")).mail.problem;
  }

  /** The log and any other output that must not contain secrets. */
  async told(): Promise<string> {
    const [{ errors }] = await this.database.sql<{ errors: string | null }[]>`
      select string_agg(last_error, ' ') as errors from rosterd.outbox`;
    return `${this.service.lines.join("")} ${errors} ${await this.problem()}`;
  }

  /** Asserts the invariants. Returns the number of checks. */
  async inTheEnd(): Promise<number> {
    await this.outside.inTheEnd();
    this.outside.logIsClean(await this.told(), SECRETS);
    return this.outside.checks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
  }
}
