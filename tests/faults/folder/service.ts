/**
 * Runs `rosterd serve` as a process on a shared upload folder, with the permissions of the released program. The
 * process lacks root's privileges, so file modes and owners apply to it.
 */
import assert from "node:assert/strict";
import { chmod, chown, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "../../../.ci/permissions.ts";
import type { ImportEntry } from "../../../src/importer/ports.ts";
import type { WaitingFile } from "../../../src/importer/inbox_port.ts";
import { run } from "../../inbox/folder_tree.ts";
import { IS_ROOT } from "../../inbox/other_process.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { Workplace } from "../../support/rosterd.ts";
import { type SmtpTestServer, startSmtpServer } from "../../support/smtp_server.ts";
import { until } from "../../support/until.ts";
import { Outside } from "../invariants.ts";

const MAIN = fileURLToPath(new URL("../../../main.ts", import.meta.url));
const TOKEN = "token-of-the-test";

/** Runs a command as root without capabilities. */
const WITHOUT_POWER = IS_ROOT ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];

export interface FolderServiceOptions {
  settings?: Record<string, unknown>;
  /** The feeds; each is a folder in the upload folder. */
  feeds?: readonly string[];
  /** A command that runs the service, for example with a limit. */
  wrapper?: readonly string[];
  withoutMail?: boolean;
  /** Whether to use an in-memory file system, if the test has the right to mount one. */
  inMemory?: boolean;
  /** Lets the test prepare the upload folder, for example by mounting it. */
  beforeStart?: (upload: string) => Promise<void>;
}

/** The parts of the status that these tests read. */
export interface Status {
  ready: boolean;
  problems: { code: string; text: string }[];
  folder: { usable: boolean; text?: string };
  feeds: { name: string; usable: boolean }[];
  waiting: WaitingFile[];
  ignored: string[];
}

/** The time limit for one response, so that a hanging service fails the test. */
const ANSWER_MS = 20_000;

export class FolderService implements AsyncDisposable {
  /** The process's log so far. */
  log = "";
  #child!: Deno.ChildProcess;
  #stopped = false;
  #reading: Promise<unknown> = Promise.resolve();
  #url = "";

  private constructor(
    readonly here: Workplace,
    readonly database: TestDatabase,
    readonly smtp: SmtpTestServer,
    readonly outside: Outside,
    private readonly inMemory: boolean,
  ) {}

  static async start(options: FolderServiceOptions = {}): Promise<FolderService> {
    const { settings, feeds = [], wrapper = [], withoutMail = false } = options;
    const database = (await testDatabase())!;
    const smtp = await startSmtpServer({ security: "none" });
    const program = [...WITHOUT_POWER, ...wrapper, Deno.execPath(), "run", ...PERMISSIONS, "--quiet", MAIN];
    const here = await Workplace.make({
      DATABASE_URL: database.url,
      ROSTERD_LISTEN: "127.0.0.1:0",
      ROSTERD_ADMIN_TOKEN: TOKEN,
    }, program);
    if (options.inMemory) await run("mount", "-t", "tmpfs", "-o", "size=256m", "none", here.folder);
    const upload = here.path("upload");
    await Deno.mkdir(upload);
    // Other users of the upload folder must be able to enter its parent.
    await chmod(here.folder, 0o711);
    await options.beforeStart?.(upload);
    const mail = {
      reply_to_admin_email: "admin@example.edu",
      failed_import_email: "registry@example.edu",
      smtp: { host: "127.0.0.1", port: smtp.port, security: "none" },
    };
    const own = { feeds: Object.fromEntries(feeds.map((feed) => [feed, {}])) };
    const document = { settle_seconds: 0, interval_minutes: 60, ...(withoutMail ? {} : mail), ...own, ...settings };
    await here.write("settings.json", JSON.stringify(document));
    const mails = withoutMail ? null : () => smtp.mails;
    const outside = new Outside({ upload, feeds, sql: database.sql, mails });
    const service = new FolderService(here, database, smtp, outside, options.inMemory ?? false);
    await service.restart();
    return service;
  }

  get upload(): string {
    return this.here.path("upload");
  }

  get pid(): number {
    return this.#child.pid;
  }

  at(...names: string[]): string {
    return join(this.upload, ...names);
  }

  /** Starts the process and waits until it responds. */
  async restart(): Promise<void> {
    await Deno.remove(this.here.path("data/service.json")).catch(() => {});
    this.#child = this.here.spawn("serve");
    this.#stopped = false;
    this.#reading = Promise.all([this.#keep(this.#child.stdout), this.#keep(this.#child.stderr)]);
    this.#url = await until("the service is up", async () => {
      const record = await readFile(this.here.path("data/service.json"), "utf8").catch(() => null);
      return record === null ? null : JSON.parse(record).address as string;
    });
    await until("it answers", () =>
      fetch(`${this.#url}/healthz`).then(async (answer) => {
        await answer.body?.cancel();
        return answer.ok;
      }, () => false));
  }

  /** Stops the process. Throws if the process has died or hangs. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#child.kill("SIGTERM");
    const { code } = await this.#child.status;
    await this.#reading;
    assert.equal(code, 0, `the service ended with ${code}: ${this.log.slice(-2_000)}`);
  }

  /** Calls the service with the token. Throws if the service does not respond. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${TOKEN}` };
    try {
      return await fetch(this.#url + path, { headers, signal: AbortSignal.timeout(ANSWER_MS), ...init });
    } catch (error) {
      throw new Error(`${path} was not answered within ${ANSWER_MS} ms; the log ends with\n${this.log.slice(-3_000)}`, {
        cause: error,
      });
    }
  }

  async get<T>(path: string): Promise<T> {
    const response = await this.fetch(path);
    assert.equal(response.status, 200, `GET ${path}`);
    return await response.json();
  }

  status(): Promise<Status> {
    return this.get("/status");
  }

  /** Returns the HTTP status and the body of `/readyz`. */
  async readiness(): Promise<{ http: number; body: string }> {
    const response = await this.fetch("/readyz", { headers: {} });
    return { http: response.status, body: await response.text() };
  }

  /** Runs a turn and returns its imports. */
  async turn(): Promise<ImportEntry[]> {
    const response = await this.fetch("/imports?wait=true", { method: "POST" });
    assert.equal(response.status, 200);
    return (await response.json()).imports;
  }

  /** Runs a turn, which may fail if the folder is unusable. */
  async tryTurn(): Promise<void> {
    const response = await this.fetch("/imports?wait=true", { method: "POST" });
    assert.ok(response.status === 200 || response.status === 503, `POST /imports ${response.status}`);
    await response.body?.cancel();
  }

  /** Starts a turn without waiting for it. */
  async askForTurn(): Promise<void> {
    await (await this.fetch("/imports", { method: "POST" })).body?.cancel();
  }

  async imports(): Promise<ImportEntry[]> {
    return (await this.get<{ imports: ImportEntry[] }>("/imports?limit=200")).imports;
  }

  /** Uploads a file as a good client would, as the user `uid`. */
  async drop(name: string, content: string, uid?: number): Promise<void> {
    const path = this.at(name), part = join(dirname(path), `.${crypto.randomUUID()}.part`);
    await writeFile(part, content);
    if (uid !== undefined) await chown(part, uid, uid);
    await rename(part, path);
  }

  /** Drops a roster with one good user, optionally with a failed record, and declares its outcome. */
  async dropGood(
    id: string,
    options: { fails?: boolean; uid?: number; name?: string; feed?: string } = {},
  ): Promise<void> {
    const { fails = false, uid, name = `good-${id}.csv`, feed = "" } = options;
    const content = `unique_id,login_source,first_name\n${id},ldap,Good\n${fails ? `,ldap,No id ${id}\n` : ""}`;
    const status = fails ? "failed_records" : "done";
    this.outside.expect({ name, feed, content, status, creates: [id], failed: fails ? 1 : 0 });
    await this.drop(join(feed, name), content, uid);
  }

  /** Counts the process's open handles. */
  async handles(): Promise<number> {
    return (await readdir(`/proc/${this.pid}/fd`)).length;
  }

  async bak(): Promise<string[]> {
    return (await readdir(this.at("bak"))).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
      await this.#child.status;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // The process has already ended.
    }
    await this.#reading;
    await this.smtp[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
    if (this.inMemory) await run("umount", this.here.folder);
    await this.here[Symbol.asyncDispose]();
  }

  async #keep(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) this.log += text;
  }
}
