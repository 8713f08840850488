/**
 * Kills the service before or after the N-th side effect, for every N: the modules in `steps/` replace the modules that
 * have side effects. A new service then continues, and the invariants are checked from outside.
 */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import type postgres from "postgres";
import { testDatabase } from "../support/postgres.ts";
import type { Workplace } from "../support/rosterd.ts";
import { type SmtpTestServer, startSmtpServer } from "../support/smtp_server.ts";
import { until } from "../support/until.ts";
import { type Dropped, Outside } from "./invariants.ts";
import { type Kind, prepareFor, rosterOf, settingsFor } from "./rosters.ts";
import { killableWorkplace } from "./killable.ts";
import { survived } from "./verdict.ts";

/** Interrupts step number `from`, then every `stride`-th step after it, until a run is not interrupted. */
export interface Steps {
  from: number;
  stride: number;
  moments: readonly ("before" | "after")[];
}

export async function killAtSteps(kind: Kind, { from, stride, moments }: Steps): Promise<void> {
  await using database = (await testDatabase())!;
  await using smtp = await startSmtpServer({ security: "none" });
  await using run = await Run.prepare(kind, database, smtp);
  const interrupted: string[] = [];
  for (const moment of moments) {
    for (let step = from;; step += stride) {
      const where = await run.once(`${moment} ${step}`);
      if (where === null) break;
      interrupted.push(where);
    }
  }
  assert.ok(interrupted.some((where) => where.includes("COMMIT")) || stride > 1, interrupted.join("\n"));
  survived({
    fault: `killed ${moments.join(" and ")} ${stride === 1 ? "every" : "some"} step of an import that ${kind}`,
    injected: interrupted.length,
    kills: interrupted.length,
    checks: run.outside.checks,
  });
}

class Run implements AsyncDisposable {
  #files = 0;
  private constructor(
    readonly kind: Kind,
    readonly sql: postgres.Sql<{ bigint: number }>,
    readonly here: Workplace,
    readonly outside: Outside,
  ) {}

  static async prepare(kind: Kind, database: { url: string; sql: Run["sql"] }, smtp: SmtpTestServer): Promise<Run> {
    const environment = { DATABASE_URL: database.url, ROSTERD_LISTEN: "127.0.0.1:0" };
    const here = await killableWorkplace(environment);
    await here.write("settings.json", JSON.stringify(settingsFor(smtp.port)));
    await Deno.mkdir(here.path("upload"));
    const outside = new Outside({ upload: here.path("upload"), sql: database.sql, mails: () => smtp.mails });
    const run = new Run(kind, database.sql, here, outside);
    await run.#migrate();
    return run;
  }

  /**
   * Kills the service, lets a new service finish, and checks the invariants. Returns the interrupted step, or null if
   * none was interrupted.
   */
  async once(when: string): Promise<string | null> {
    const file = rosterOf(this.kind, ++this.#files);
    await this.#drop(file);
    const killed = await this.#serve(file, { ROSTERD_KILL: when, ROSTERD_KILLED: this.here.path("killed") });
    const where = killed ? await Deno.readTextFile(this.here.path("killed")) : null;
    try {
      await this.outside.atAnyInstant();
      // Ends the killed process's claim on its email.
      await this.sql`update rosterd.outbox set next_try_at = now() where sent_at is null`;
      if (killed) assert.equal(await this.#serve(file, {}), false);
      await this.outside.inTheEnd();
    } catch (error) {
      throw new Error(`killed ${where}`, { cause: error });
    }
    return where;
  }

  async #migrate(): Promise<void> {
    await this.here.write("empty.csv", "unique_id,login_source\n");
    const { code, err } = await this.here.run("import", "empty.csv");
    assert.equal(code, 0, err);
  }

  async #drop(file: Dropped): Promise<void> {
    await prepareFor(file, this.sql);
    // Prevents a digest, which replaces emails after ten within an hour.
    await this.sql`update rosterd.outbox set sent_at = sent_at - interval '2 hours'`;
    this.outside.expect(file);
    await this.here.write(`upload/.${file.name}.part`, file.content);
    await Deno.rename(this.here.path(`upload/.${file.name}.part`), this.here.path(`upload/${file.name}`));
  }

  /** Runs the service until it is killed (true) or has finished importing the file. */
  async #serve(file: Dropped, environment: Record<string, string>): Promise<boolean> {
    const left = await this.#momentary();
    const service = this.here.spawnWith(environment, "serve");
    const output = service.output();
    let ended = false;
    output.then(() => void (ended = true));
    const killed = await until(`the end of ${file.name}`, async () => {
      if (ended) return "killed";
      if (file.changes !== undefined) await this.#approve(file);
      return await this.#isOver(file) && await this.#areGone(left) ? "over" : null;
    }, 60_000);
    if (killed === "over") askToEnd(service);
    const { signal, stderr } = await output;
    if (killed === "killed") assert.equal(signal, "SIGKILL", new TextDecoder().decode(stderr));
    // A kill while the process exits is allowed.
    return signal === "SIGKILL";
  }

  async #isOver({ name }: Dropped): Promise<boolean> {
    const [entry] = await this.sql`
      select id from rosterd.imports as done
      where file = ${name} and bak_file is not null and hold_kind is distinct from 'changes'
        and not exists (select from rosterd.outbox where import_id = done.id and sent_at is null)`;
    if (entry === undefined) return false;
    return Array.from(Deno.readDirSync(this.here.path("upload/.rosterd"))).length === 0;
  }

  /** Approves the file once the service is holding it. The service may be killed while the file is being approved. */
  async #approve({ name }: Dropped): Promise<void> {
    const [held] = await this.sql`
      select id from rosterd.imports where file = ${name} and hold_state = 'open' and bak_file is not null`;
    if (held === undefined) return;
    const { address } = JSON.parse(await Deno.readTextFile(this.here.path("data/service.json")));
    const token = await Deno.readTextFile(this.here.path("data/admin-token"));
    await fetch(`${address}/imports/${held.id}/approve`, {
      method: "POST",
      headers: { authorization: `Bearer ${token.trim()}` },
    }).then((answer) => answer.body?.cancel()).catch((error) => {
      if (!(error instanceof TypeError)) throw error;
    });
  }

  /** Short-lived entries that a kill may leave behind in the folders. */
  async #momentary(): Promise<string[]> {
    const paths = [];
    for (const folder of ["upload", "upload/.rosterd", "upload/bak"]) {
      const entries = await readdir(this.here.path(folder)).catch(() => []);
      paths.push(...entries.filter((name) => /\.(probe|tmp)$/.test(name)).map((name) => `${folder}/${name}`));
    }
    return paths;
  }

  /** Returns whether these entries are gone. The next service removes them in its first turn, even without uploads. */
  async #areGone(paths: readonly string[]): Promise<boolean> {
    if (paths.length === 0) return true;
    const there = await this.#momentary();
    return !paths.some((path) => there.includes(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.here[Symbol.asyncDispose]();
  }
}

/** Asks a service to end. Ignores the error if the service has just exited. */
function askToEnd(service: Deno.ChildProcess): void {
  try {
    service.kill("SIGTERM");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
