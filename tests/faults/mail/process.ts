/**
 * The counterpart of `world.ts` that runs `rosterd serve` as a separate process, which can be killed and has its own
 * certificates.
 */
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { Workplace } from "../../support/rosterd.ts";
import { CERTIFICATE_FILE, type SmtpTestServer, startSmtpServer } from "../../support/smtp_server.ts";
import { Outside } from "../invariants.ts";
import { MAIL_SETTINGS, type MailWorldOptions, rosterOf, SECRETS } from "./world.ts";
import { type Running, runningAt } from "../processes/running.ts";

export class MailProcess implements AsyncDisposable {
  readonly outside: Outside;
  /** The output of all processes that have ended. */
  log = "";
  #running: Running | null = null;

  private constructor(
    readonly database: TestDatabase,
    readonly server: SmtpTestServer,
    readonly here: Workplace,
  ) {
    this.outside = new Outside({ upload: here.path("upload"), sql: database.sql, mails: () => server.mails });
  }

  static async make({ server, smtp, settings }: MailWorldOptions = {}): Promise<MailProcess> {
    const database = (await testDatabase())!;
    const mailServer = await startSmtpServer({ security: "none", ...server });
    const environment = { DATABASE_URL: database.url, ROSTERD_LISTEN: "127.0.0.1:0", DENO_CERT: CERTIFICATE_FILE };
    const here = await Workplace.make(environment);
    const own = { host: "127.0.0.1", port: mailServer.port, security: "none", ...smtp };
    await here.write(
      "settings.json",
      JSON.stringify({ settle_seconds: 0, interval_minutes: 1_440, ...MAIL_SETTINGS, smtp: own, ...settings }),
    );
    return new MailProcess(database, mailServer, here);
  }

  async starts(): Promise<void> {
    this.#running = await runningAt(this.here);
  }

  async ends(how: "SIGTERM" | "SIGKILL"): Promise<void> {
    const { process } = this.#running!;
    this.#running = null;
    process.kill(how);
    this.log += new TextDecoder().decode((await process.output()).stderr);
  }

  ask: Running["ask"] = (...call) => this.#running!.ask(...call);

  /** Drops a file with one failure. */
  async drop(name: string): Promise<void> {
    const file = rosterOf(name);
    this.outside.expect(file);
    await this.here.write(`upload/.${name}.part`, file.content);
    await Deno.rename(this.here.path(`upload/.${name}.part`), this.here.path(`upload/${name}`));
  }

  /** Drops a file with one failure and imports it. */
  async import(name: string): Promise<void> {
    await this.drop(name);
    await this.ask("POST", "/imports?wait=true");
  }

  /** Resolves when no email is waiting. */
  async minutesPass(minutes: number): Promise<void> {
    await this.database.sql`
      update rosterd.outbox set next_try_at = next_try_at - make_interval(mins => ${minutes}) where sent_at is null`;
  }

  /** Asserts the invariants. Returns the number of checks. */
  async inTheEnd(): Promise<number> {
    await this.outside.inTheEnd();
    this.outside.logIsClean(this.log, SECRETS);
    return this.outside.checks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running !== null) await this.ends("SIGKILL");
    await this.here[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
  }
}
