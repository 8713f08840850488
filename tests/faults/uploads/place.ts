/**
 * A service for one test, with sshd, vsftpd and clients that write into its upload folder, and with checks made from
 * outside. Turns run only when the test starts them. The service scans the folder once a second.
 */
import assert from "node:assert/strict";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { FTPS_PROGRAMS, type FtpsOptions, startFtpsServer } from "../../support/ftps_server.ts";
import { serverUnavailable, type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { missingPrograms } from "../../support/programs.ts";
import { TestService } from "../../support/service.ts";
import { SFTP_PROGRAMS, startSftpServer } from "../../support/sftp_server.ts";
import { until } from "../../support/until.ts";
import { type Dropped, Outside } from "../invariants.ts";
import {
  type Client,
  CLIENT_PROGRAMS,
  curlOverFtps,
  curlOverSftp,
  lftpOverFtps,
  lftpOverSftp,
  sftp,
} from "./clients.ts";

/** Settling takes two scans, so that a file is seen waiting even on a busy machine. */
export const SETTLE = 2;

/** Why tests with sshd cannot run here; null if they can. */
export async function withoutSftp(): Promise<string | null> {
  return await serverUnavailable() ?? missingPrograms(...SFTP_PROGRAMS);
}

/** Why tests with all servers and clients cannot run here; null if they can. */
export async function withoutServers(): Promise<string | null> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "vsftpd needs Linux and root";
  return await withoutSftp() ?? missingPrograms(...FTPS_PROGRAMS, ...CLIENT_PROGRAMS);
}

export interface Waiting {
  name: string;
  code: string;
  text: string;
}

export class UploadPlace implements AsyncDisposable {
  readonly #opened = new AsyncDisposableStack();
  readonly outside: Outside;

  private constructor(
    readonly base: string,
    readonly upload: string,
    readonly database: TestDatabase,
    readonly service: TestService,
  ) {
    this.outside = new Outside({ upload, sql: database.sql, mails: () => service.smtp.mails });
  }

  /** rosterd owns the upload folder, which is sticky, as `rosterd print vsftpd` sets it up. */
  static async open(settings: Record<string, unknown> = {}): Promise<UploadPlace> {
    await using opening = new AsyncDisposableStack();
    const base = await Deno.makeTempDir({ prefix: "rosterd-uploads-" });
    opening.defer(() => Deno.remove(base, { recursive: true }));
    await Deno.chmod(base, 0o755);
    const upload = join(base, "upload");
    await Deno.mkdir(upload);
    await Deno.chmod(upload, 0o1777);
    const database = opening.use((await testDatabase())!);
    const options = { databaseUrl: database.url, upload, settings: { settle_seconds: SETTLE, ...settings } };
    const service = opening.use(await TestService.start(options));
    const place = new UploadPlace(base, upload, database, service);
    place.#opened.use(opening.move());
    return place;
  }

  /** Starts the OpenSSH client and server. */
  async sftp(): Promise<ReturnType<typeof sftp>> {
    return sftp(this.#opened.use(await startSftpServer(this.upload)));
  }

  /** Starts a client of each kind, together with their servers. */
  async clients(ftps: FtpsOptions = {}): Promise<Client[]> {
    const ssh = this.#opened.use(await startSftpServer(this.upload));
    const ftp = this.#opened.use(await startFtpsServer(this.base, ftps));
    const overSsh = [sftp(ssh), lftpOverSftp(ssh), curlOverSftp(ssh)];
    return [...overSsh, lftpOverFtps(ftp, "upload"), curlOverFtps(ftp, "upload")];
  }

  at(...names: readonly string[]): string {
    return join(this.upload, ...names);
  }

  /** Creates a file for a client. */
  async local(name: string, content: string): Promise<string> {
    const path = join(this.base, name);
    await Deno.writeTextFile(path, content);
    return path;
  }

  /** The size of an upload, or -1 if it is missing. */
  async sizeOf(name: string): Promise<number> {
    return (await stat(this.at(name)).catch(() => null))?.size ?? -1;
  }

  /** Waits until the upload has the given number of bytes. */
  async arrived(name: string, bytes: number): Promise<void> {
    await until(`${bytes} bytes of ${name}`, async () => await this.sizeOf(name) >= bytes);
  }

  /** Returns the partial upload left by a killed client once the server has closed the file. */
  async left(name: string): Promise<Uint8Array> {
    await until(`the server closes ${name}`, async () => !await isOpen(this.at(name)));
    return await readFile(this.at(name));
  }

  /** The waiting files listed in the status. */
  async waiting(): Promise<Waiting[]> {
    return (await this.service.get<{ waiting: Waiting[] }>("/status")).waiting;
  }

  /** Waits until the status shows this reason for a file. */
  async waitsFor(name: string, code: string): Promise<Waiting> {
    return await until(
      `${name} waits: ${code}`,
      async () => (await this.waiting()).find((file) => file.name === name && file.code === code) ?? null,
    );
  }

  /** Waits until none of these files is waiting. */
  async allSettled(names: readonly string[]): Promise<void> {
    const wanted = new Set(names);
    const settled = async () => !(await this.waiting()).some(({ name }) => wanted.has(name));
    await until(`${wanted.size} files are settled`, settled, 120_000);
  }

  /** The running import, or null. */
  async running(): Promise<{ file: string } | null> {
    return (await this.service.get<{ running: { file: string } | null }>("/status")).running;
  }

  /** The imports of files with a given name, oldest first, read from outside. */
  async imports(name: string): Promise<ImportRow[]> {
    return await this.database.sql<ImportRow[]>`
      select id, file, status, records, created, unchanged, mail, bak_file, started_at, reason ->> 'code' as code, reason ->> 'text' as text
      from rosterd.imports where file = ${name} and status not in ('running', 'error') order by id`;
  }

  /** Starts turns until all declared files are imported, then asserts every invariant. */
  async finish(...files: readonly Dropped[]): Promise<void> {
    for (const file of files) this.outside.expect(file);
    await this.importedAll(files.map(({ name }) => name));
    await this.outside.inTheEnd();
  }

  /** Starts turns until each name has been imported as many times as it is listed. */
  async importedAll(names: readonly string[], ms = 60_000): Promise<void> {
    const wanted = Map.groupBy(names, (name) => name);
    await until(`the import of ${[...wanted.keys()].join(" ")}`, async () => {
      await this.service.turn();
      for (const [name, times] of wanted) if ((await this.imports(name)).length < times.length) return false;
      return true;
    }, ms);
  }

  /** Asserts that a turn started now imports no files. */
  async turnLeaves(): Promise<void> {
    assert.deepEqual((await this.service.turn()).map(({ file }) => file), []);
    this.outside.checks++;
  }

  /** Asserts that the import of a file started at least `seconds` after its last change. */
  async importedAfter(name: string, seconds: number): Promise<void> {
    const [{ started_at, bak_file }] = await this.imports(name);
    const { mtimeMs } = await stat(this.at("bak", bak_file));
    const waited = started_at.getTime() - mtimeMs;
    assert.ok(waited >= 1_000 * seconds - 1, `${name} was imported ${waited} ms after its last change`);
    this.outside.checks++;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}

export interface ImportRow {
  id: number;
  file: string;
  status: string;
  records: number;
  created: number;
  unchanged: number;
  mail: string;
  bak_file: string;
  started_at: Date;
  /** The reason for a rejection. */
  code: string | null;
  text: string | null;
}

/** Whether another process has the file open. */
async function isOpen(path: string): Promise<boolean> {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === Deno.pid) continue;
    const folder = `/proc/${pid}/fd`;
    for (const fd of await readdir(folder).catch(() => [])) {
      if (await readlink(join(folder, fd)).catch(() => "") === path) return true;
    }
  }
  return false;
}
