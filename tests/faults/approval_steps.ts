/**
 * Kills the service before or after the N-th side effect of an approval, for every N (docs/reliability.md#next-step).
 * After each kill, a new service continues the work. All checks are made from outside: over HTTP and in the folders.
 * `steps.ts` also interrupts the sending of emails.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ImportEntry } from "../../src/domain/outcome.ts";
import { testDatabase } from "../support/postgres.ts";
import type { Workplace } from "../support/rosterd.ts";
import { type SmtpTestServer, startSmtpServer } from "../support/smtp_server.ts";
import { until } from "../support/until.ts";
import { killableWorkplace } from "./killable.ts";
import type { Dropped } from "./invariants.ts";
import { rosterOf, settingsFor } from "./rosters.ts";
import type { Steps } from "./steps.ts";
import { survived } from "./verdict.ts";

/** The number of users to prepare, one for each file. An approval has fewer side effects than this. */
const MAX_FILES = 400;

/** Starting the embedded database takes a long time on a busy machine. */
const PATIENCE_MS = 180_000;

export async function killApprovals(kind: "server" | "embedded", { from, stride, moments }: Steps): Promise<void> {
  await using database = kind === "server" ? await testDatabase() : null;
  await using smtp = await startSmtpServer({ security: "none" });
  await using run = await Approvals.prepare(database?.url ?? null, smtp);
  const interrupted: string[] = [];
  for (const moment of moments) {
    for (let step = from;; step += stride) {
      const where = await run.once(`${moment} ${step}`);
      if (where === null) break;
      console.log(`  ${where}`);
      interrupted.push(where);
    }
  }
  await run.finish();
  assert.ok(stride > 1 || interrupted.some((where) => where.includes("COMMIT")), interrupted.join("\n"));
  survived({
    fault: `killed ${moments.join(" and ")} ${stride === 1 ? "every" : "some"} step of an approval (${kind})`,
    injected: interrupted.length,
    kills: interrupted.length,
    checks: run.checks,
  });
}

class Approvals implements AsyncDisposable {
  #files = 0;
  /** The file whose approval was interrupted. */
  #open: Dropped | null = null;
  #service: { process: Deno.ChildProcess; output: Promise<Deno.CommandOutput>; hasEnded: boolean } | null = null;
  checks = 0;

  private constructor(readonly here: Workplace, readonly smtp: SmtpTestServer) {}

  static async prepare(databaseUrl: string | null, smtp: SmtpTestServer): Promise<Approvals> {
    const here = await killableWorkplace({
      ROSTERD_LISTEN: "127.0.0.1:0",
      ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
    });
    await here.write("settings.json", JSON.stringify(settingsFor(smtp.port)));
    await Deno.mkdir(here.path("upload"));
    const known = Array.from({ length: MAX_FILES }, (_, at) => `K${at + 1},ldap,Oak Street\n`).join("");
    await here.write("upload/known.csv", `unique_id,login_source,street\n${known}`);
    return new Approvals(here, smtp);
  }

  /**
   * Approves a file in a service that is killed during the approval. Returns the interrupted step, or null if the
   * approval ended before that step.
   */
  async once(when: string): Promise<string | null> {
    await Deno.remove(this.here.path("from")).catch(() => {});
    this.#start({
      ROSTERD_KILL: when,
      ROSTERD_KILLED: this.here.path("killed"),
      ROSTERD_KILL_FROM: this.here.path("from"),
    });
    await this.#continue();
    const file = rosterOf("is approved", ++this.#files);
    await this.here.write(`upload/.${file.name}.part`, file.content);
    await Deno.rename(this.here.path(`upload/.${file.name}.part`), this.here.path(`upload/${file.name}`));
    await this.#fetch("/imports", "POST");
    const held = await this.#until(`${file.name} is held`, async () => {
      const [held] = await this.#importsOf(file);
      return held?.hold?.state === "open" && held.mail === "sent" && await this.#isIdle() ? held : null;
    });
    this.#open = file;
    await this.here.write("from", "");
    const answering = this.#fetch(`/imports/${held.id}/approve`, "POST");
    const killed = await this.#until(`the approval of ${file.name}`, async () => {
      if (this.#service!.hasEnded) return "killed";
      return await this.#isFinished(file) ? "finished" : null;
    });
    await answering;
    await this.#hasFile(file, held);
    if (killed === "finished") {
      // The next service handles the file, because this one may still be killed at a later step.
      await this.#stop();
      return null;
    }
    const { signal, stderr } = await this.#service!.output;
    assert.equal(signal, "SIGKILL", new TextDecoder().decode(stderr));
    return await Deno.readTextFile(this.here.path("killed"));
  }

  /** Finishes the last file without a kill. */
  async finish(): Promise<void> {
    if (this.#open === null) return;
    this.#start({});
    await this.#continue();
    await this.#stop();
  }

  /**
   * Waits until the service is ready and has finished the work left by a killed one. Approves again if nothing was
   * applied.
   */
  async #continue(): Promise<void> {
    await this.#until("the service is ready", async () => (await this.#fetch("/readyz", "GET"))?.ok ?? null);
    const file = this.#open;
    if (file === null) return;
    const [held, ...applied] = await this.#importsOf(file), isOpen = held.hold!.state === "open";
    this.#check(isOpen || held.hold!.state === "approved", "the hold is open, or was approved");
    this.#check(applied.length === (isOpen ? 0 : 1), "a hold ends together with its import");
    // The embedded database may be busy with the import that the service continues.
    const answer = await this.#until("an answer to the approval", async () => {
      const answer = await this.#fetch(`/imports/${held.id}/approve`, "POST");
      return answer?.status === 503 ? null : answer;
    });
    this.#check(
      answer.status === (isOpen ? 200 : 409),
      `a file is approved once: ${answer.status} ${await answer.text()}`,
    );
    await this.#until(`${file.name} is finished`, () => this.#isFinished(file));
    await this.#isRight(file);
    this.#open = null;
  }

  async #isRight(file: Dropped): Promise<void> {
    const [held, applied, ...others] = await this.#importsOf(file);
    this.#check(others.length === 0 && applied.approves === held.id, "the file was applied once");
    const { status, created, updated, failed, mail } = applied;
    assert.deepEqual({ status, created, updated, failed }, {
      ...{ status: "failed_records", created: 1, updated: 1, failed: 1 },
    });
    this.#check(held.hold!.ended_by === applied.id, "the hold names its import");
    this.#check(held.decisions.filter(({ what }) => what === "approved").length === 1, "one decision is recorded");
    this.#check(applied.bak_file === held.bak_file, "the file stays in bak");
    await this.#hasFile(file, held);
    const failedFile = await Deno.readTextFile(this.here.path(`upload/bak/${applied.failed_file}`));
    this.#check(failedFile.includes("unique_id"), "its failed records are beside it");
    for (const id of file.creates) {
      const user = await (await this.#fetch(`/users/${id}`, "GET"))!.json();
      const times = user.history.filter((one: { import: number }) => one.import === applied.id).length;
      this.#check(times === 1, `${id} was written once`);
    }
    const { values } = await (await this.#fetch(`/users/${file.changes}`, "GET"))!.json();
    this.#check(values.street === "Elm Street", "the change was applied");
    this.#check(mail === "sent" || mail === "waiting", "its mail was sent or waits visibly");
    const names = (await this.#namesIn("bak")).filter((name) => name.startsWith(file.name.replace(".csv", ".")));
    this.#check(names.length === 2, `bak has the file and its failed records: ${names}`);
    const left = [...await this.#namesIn(""), ...await this.#namesIn(".rosterd")];
    this.#check(await this.#isIdle(), `nothing else is left in the folders: ${left}`);
  }

  async #hasFile({ content, name }: Dropped, { bak_file }: ImportEntry): Promise<void> {
    const bytes = await Deno.readFile(this.here.path(`upload/bak/${bak_file}`));
    const digestOf = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");
    this.#check(digestOf(bytes) === digestOf(content), `the bytes of ${name} are in bak`);
  }

  /** The import that holds the file, followed by the imports that applied it. */
  async #importsOf({ name }: Dropped): Promise<ImportEntry[]> {
    const answer = await this.#fetch(`/imports?limit=200&file=${name}`, "GET");
    if (answer === null) return [];
    const { imports }: { imports: ImportEntry[] } = await answer.json();
    return imports.filter(({ file }) => file === name).toReversed();
  }

  async #isFinished(file: Dropped): Promise<boolean> {
    const [, applied] = await this.#importsOf(file);
    return applied !== undefined && applied.bak_file !== null && await this.#isIdle();
  }

  async #isIdle(): Promise<boolean> {
    const [upload, work] = [await this.#namesIn(""), await this.#namesIn(".rosterd")];
    return work.length === 0 && upload.every((name) => name === "bak" || name === ".rosterd");
  }

  async #namesIn(folder: string): Promise<string[]> {
    return (await Array.fromAsync(Deno.readDir(this.here.path(`upload/${folder}`)))).map(({ name }) => name);
  }

  #start(environment: Record<string, string>): void {
    const process = this.here.spawnWith(environment, "serve");
    const service = { process, output: process.output(), hasEnded: false };
    service.output.then(() => service.hasEnded = true);
    this.#service = service;
  }

  async #stop(): Promise<void> {
    if (!this.#service!.hasEnded) this.#service!.process.kill("SIGTERM");
    await this.#service!.output;
  }

  /** Null if the service is not running. */
  async #fetch(path: string, method: string): Promise<Response | null> {
    try {
      const { address } = JSON.parse(await Deno.readTextFile(this.here.path("data/service.json")));
      const token = await Deno.readTextFile(this.here.path("data/admin-token"));
      const answer = await fetch(address + path, { method, headers: { authorization: `Bearer ${token.trim()}` } });
      return new Response(await answer.text(), { status: answer.status });
    } catch (error) {
      if (error instanceof TypeError || error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  #until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
    return until(what, look, PATIENCE_MS, 50);
  }

  #check(holds: boolean, what: string): void {
    this.checks++;
    assert.ok(holds, what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#service !== null) await this.#stop();
    await this.here[Symbol.asyncDispose]();
  }
}
