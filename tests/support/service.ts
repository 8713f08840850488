/**
 * Runs the whole service for a test, as `rosterd serve` does, but in this process. The service has its own folders, a
 * real database, a real mail server and real HTTP. A test drops files into the folder and checks the results from
 * outside.
 */
import { basename, dirname, join } from "node:path";
import type { App } from "../../src/app.ts";
import { createApp } from "../../src/app.ts";
import { type Config, readConfig } from "../../src/config.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import type { LinkTimeouts } from "../../src/postgres/connection/backend_probe.ts";
import { type Clock, systemClock } from "../../src/runtime/clock.ts";
import { createLog, type Log } from "../../src/runtime/log.ts";
import { OpenApi } from "./openapi.ts";
import { type SmtpTestServer, startSmtpServer } from "./smtp_server.ts";

/** The service's admin token in every test. */
export const TOKEN = "token-of-the-test";
export const READ_TOKEN = "read-token-of-the-test";

export interface ServiceOptions {
  /** The database URL; null for the embedded database. */
  databaseUrl: string | null;
  /** Settings to add to those that all tests use: `settle_seconds` 0 and the test's mail server. */
  settings?: Record<string, unknown>;
  /** Whether to leave the mail settings empty. */
  withoutMail?: boolean;
  /** Timeouts for a silent link to the database. */
  linkTimeouts?: LinkTimeouts;
  /** An upload folder that is shared with another service. */
  upload?: string;
  /** A clock that the test sets. */
  clock?: Clock;
  /** Environment variables to set in addition to those that all tests use. */
  environment?: Record<string, string>;
}

export class TestService implements AsyncDisposable {
  readonly folder: string;
  readonly upload: string;
  readonly config: Config;
  readonly smtp: SmtpTestServer;
  /** The log lines so far. */
  readonly lines: string[] = [];
  #app: App | null = null;
  #openApi: OpenApi | null = null;
  readonly #log: Log;
  readonly #clock: Clock;

  private constructor(
    folder: string,
    upload: string,
    smtp: SmtpTestServer,
    databaseUrl: string | null,
    clock: Clock,
    private readonly linkTimeouts: LinkTimeouts | undefined,
    more: Record<string, string>,
  ) {
    this.folder = folder;
    this.upload = upload;
    this.smtp = smtp;
    this.#clock = clock;
    const flags = {
      upload,
      settings: join(folder, "settings.json"),
      data: join(folder, "data"),
      listen: "127.0.0.1:0",
    };
    const environment: Record<string, string | undefined> = {
      DATABASE_URL: databaseUrl ?? undefined,
      ROSTERD_ADMIN_TOKEN: TOKEN,
      ROSTERD_READ_TOKEN: READ_TOKEN,
      ...more,
    };
    this.config = readConfig(flags, {
      env: (name) => environment[name],
      readTextFile: Deno.readTextFileSync,
      isTerminal: () => false,
    });
    const write = (line: string) => void this.lines.push(line);
    this.#log = createLog({ level: "debug", format: "json", now: () => clock.now(), write });
  }

  /** Starts the service. Disposal stops the service and removes its folders. */
  static async start(
    { databaseUrl, settings, withoutMail, upload, linkTimeouts, clock = systemClock, environment = {} }: ServiceOptions,
  ): Promise<TestService> {
    const folder = await Deno.makeTempDir({ prefix: "rosterd-test-" });
    const smtp = await startSmtpServer({ security: "none" });
    const service = new TestService(
      folder,
      upload ?? join(folder, "upload"),
      smtp,
      databaseUrl,
      clock,
      linkTimeouts,
      environment,
    );
    const mail = {
      reply_to_admin_email: "admin@example.edu",
      failed_import_email: "registry@example.edu",
      smtp: { host: "127.0.0.1", port: smtp.port, security: "none" },
    };
    const document = { settle_seconds: 0, interval_minutes: 1_440, ...(withoutMail ? {} : mail), ...settings };
    await Deno.writeTextFile(service.config.settings, JSON.stringify(document));
    await service.restart();
    return service;
  }

  async restart(): Promise<void> {
    await this.stop();
    const { config, linkTimeouts } = this;
    const options = { config, linkTimeouts, version: "0.0.0-test", clock: this.#clock, log: this.#log };
    this.#app = await createApp(options, new AbortController().signal);
    // The service runs a turn when it starts. Once this requested turn has ended, the first turn has ended too.
    await this.turn();
  }

  async stop(): Promise<void> {
    await this.#app?.[Symbol.asyncDispose]();
    this.#app = null;
  }

  /** The service's address. */
  get url(): string {
    return this.#app!.url;
  }

  /**
   * Uploads a file as a good client would: under a temporary name at first. With a name such as `FEED/NAME`, uploads
   * into the folder of that feed.
   */
  async drop(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const path = join(this.upload, name), part = join(dirname(path), `.${basename(path)}.part`);
    await Deno.writeFile(part, bytes);
    await Deno.rename(part, path);
  }

  /** Changes settings using a merge patch. */
  async set(patch: Record<string, unknown>): Promise<void> {
    const headers = { "content-type": "application/merge-patch+json" };
    const response = await this.fetch("/settings", { method: "PATCH", headers, body: JSON.stringify(patch) });
    if (response.status !== 200) throw new Error(`PATCH /settings: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
  }

  /** Checks every response against `/openapi.json`. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${TOKEN}`);
    const answer = await fetch(this.url + path, { ...init, headers });
    const openApi = this.#openApi ??= OpenApi.of(await (await fetch(`${this.url}/openapi.json`)).text());
    await openApi.hold(init.method ?? "GET", path, answer);
    return answer;
  }

  async get<T>(path: string): Promise<T> {
    const response = await this.fetch(path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return await response.json();
  }

  /** Runs a turn now and returns its imports. */
  async turn(): Promise<ImportEntry[]> {
    const response = await this.fetch("/imports?wait=true", { method: "POST" });
    if (response.status !== 200) throw new Error(`POST /imports: ${response.status} ${await response.text()}`);
    return (await response.json()).imports;
  }

  /** Uploads one file and imports it. */
  async import(name: string, content: string | Uint8Array): Promise<ImportEntry> {
    await this.drop(name, content);
    const imports = await this.turn();
    if (imports.length !== 1) throw new Error(`the turn imported ${imports.length} files: ${this.lines.join("")}`);
    return imports[0];
  }

  /**
   * The files in `bak`, or in a feed's `bak`, sorted. Ignores the hidden file that a folder check briefly creates.
   */
  async bak(feed = ""): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(join(this.upload, feed, "bak"))) {
      if (!name.startsWith(".")) names.push(name);
    }
    return names.sort();
  }

  readBak(name: string): Promise<string> {
    return Deno.readTextFile(join(this.upload, "bak", name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.smtp[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}
