/**
 * Asserts the invariants I1 to I7 and I9 from outside: through a second connection, the folders, the mail server and
 * the log, but never through the service. A test declares each file and its outcome. The test can then check them at
 * any moment, even during an import, and again at the end.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type postgres from "postgres";
import type { ImportStatus } from "../../src/domain/outcome.ts";
import { until } from "../support/until.ts";

/** A dropped file and its outcome. No two files may have the same bytes. */
export interface Dropped {
  name: string;
  /** The feed whose folder the file is dropped into; by default, the upload folder itself. */
  feed?: string;
  content: string;
  status: Extract<ImportStatus, "done" | "failed_records" | "rejected" | "held">;
  /** The `unique_id` of each user that this file creates. */
  creates: readonly string[];
  failed: number;
  /** A known user whose value the file changes, so that the change guard holds the file until the test approves it. */
  changes?: string;
  /** Whether the email must be marked as failed because no mail server accepts it. */
  mailRefused?: boolean;
  /** The number of times the file is dropped and imported under this name; once by default. */
  times?: number;
}

export interface OutsideOptions {
  upload: string;
  /** The feeds; each is a folder in the upload folder. */
  feeds?: readonly string[];
  /** A second connection to the database. */
  sql: postgres.Sql<{ bigint: number }>;
  /** The emails that have arrived so far; null without mail settings. */
  mails: (() => readonly { messageId?: string }[]) | null;
}

/** The key of the import lock (`src/postgres/import/import_lock.ts`). */
const IMPORT_LOCK = 7_246_002;

export class Outside {
  readonly #dropped = new Map<string, Dropped>();
  /** The number of invariants asserted so far. */
  checks = 0;

  constructor(private readonly options: OutsideOptions) {}

  /** Declares a file and its outcome. Call this method before the file is placed in the folder. */
  expect(file: Dropped): void {
    this.#dropped.set(digest(file.content), file);
  }

  /**
   * Asserts what must always be true: no file is lost (I2), no import exists twice (I3), and only one import runs at a
   * time (I6).
   */
  async atAnyInstant(): Promise<void> {
    const standing = await this.#standing();
    for (const [key, { name }] of this.#dropped) this.#check(standing.has(key), `I2: the bytes of ${name} are there`);
    const { sql } = this.options;
    const applied = await sql<{ sha256: string; times: number }[]>`
      select sha256, count(*) as times from rosterd.imports
      where taken_key is not null and status not in ('running', 'error') and hold_kind is distinct from 'changes'
      group by sha256, feed, file`;
    const tooOften = applied.filter(({ sha256, times }) => times > (this.#dropped.get(sha256)?.times ?? 1));
    this.#check(tooOften.length === 0, "I3: no file was applied twice");
    const [{ importing }] = await sql<{ importing: number }[]>`
      select count(*) as importing from pg_locks
      where locktype = 'advisory' and objid = ${IMPORT_LOCK} and granted
        and database = (select oid from pg_database where datname = current_database())`;
    this.#check(importing <= 1, "I6: no two import at once");
  }

  /** Asserts what must be true after every file is in `bak` and the service is idle. */
  async inTheEnd(): Promise<void> {
    await this.eachAsTold();
    await this.#nothingElse();
  }

  /** Asserts the same as {@link Outside.inTheEnd}, but ignores files that the test did not declare. */
  async eachAsTold(): Promise<void> {
    await this.atAnyInstant();
    for (const [key, file] of this.#dropped) await this.#asTold(key, file);
  }

  /**
   * Asserts what must be true even if another user moves the folders: all bytes of each file are somewhere below `root`
   * (I2), and no claimed file was applied twice (I3). Returns the number of checks.
   */
  async nothingDestroyed(root: string): Promise<number> {
    const found = new Set<string>();
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      const bytes = entry.isFile() ? await unlessGone(readPlain(join(entry.parentPath, entry.name))) : null;
      if (bytes !== null) found.add(digest(bytes));
    }
    for (const [key, { name }] of this.#dropped) this.#check(found.has(key), `I2: the bytes of ${name} are there`);
    const twice = await this.options.sql`
      select taken_key from rosterd.imports where status not in ('running', 'error') and taken_key is not null
      group by taken_key having count(*) > 1`;
    this.#check(twice.length === 0, "I3: no file was applied twice");
    return this.#dropped.size + 1;
  }

  /** Asserts I9: the log contains no secrets and no values that belong to a user. */
  logIsClean(log: string, secrets: readonly string[]): void {
    for (const secret of secrets) this.#check(!log.includes(secret), "I9: no secret and no user's value in the log");
  }

  /** Asserts I1 to I4 for each drop of one file. */
  async #asTold(key: string, file: Dropped): Promise<void> {
    const { sql } = this.options;
    const { name, feed = "", creates, times = 1 } = file;
    const entries = await sql<Entry[]>`
      select id, feed, status, created, failed, bak_file, failed_file, mail from rosterd.imports
      where feed = ${feed} and file = ${name} and taken_key is not null and hold_kind is distinct from 'changes'`;
    const wanted = [...this.#dropped.values()].filter((other) => other.name === name && (other.feed ?? "") === feed);
    const wantedTimes = wanted.reduce((sum, { times = 1 }) => sum + times, 0);
    this.#check(entries.length === wantedTimes, `I3: ${name} was imported ${entries.length} times`);
    const mine = [];
    for (const entry of entries) if (wanted.length === 1 || await this.#digestInBak(entry) === key) mine.push(entry);
    this.#check(mine.length === times, `I2: ${name} stands in bak ${mine.length} times`);
    for (const entry of mine) await this.#entryAsTold(key, file, entry);
    const there = await sql`select unique_id from rosterd.users where unique_id = any(${[...creates]})`;
    this.#check(there.length === creates.length, `I1: ${name} was applied whole`);
  }

  async #entryAsTold(key: string, { name, status, failed, mailRefused }: Dropped, entry: Entry): Promise<void> {
    assert.deepEqual([entry.status, entry.failed], [status, failed], `I1: ${name}`);
    this.#check(await this.#digestInBak(entry) === key, `I2: ${name} stands in bak as the history says`);
    this.#check((entry.failed_file !== null) === (failed > 0), `I4: ${name} has its failed records beside it`);
    if (entry.failed_file !== null) await readFile(join(this.options.upload, entry.feed, "bak", entry.failed_file));
    if (mailRefused) this.#check(entry.mail === "failed", `I4: the mail of ${name} is flagged`);
    else if (status !== "done") await this.#isReported(name, entry);
  }

  async #digestInBak({ feed, bak_file }: Entry): Promise<string> {
    return digest(unpacked(await readFile(join(this.options.upload, feed, "bak", bak_file!))));
  }

  /** Asserts I4: at least one email was sent or is visibly waiting. */
  async #isReported(name: string, { id, mail }: Entry): Promise<void> {
    const { sql, mails } = this.options;
    if (mails === null) return this.#check(mail === "not_configured", `I4: ${name} says that mail is not set up`);
    const [owed] = await sql<{ message_id: string; waits: boolean }[]>`
      select coalesce(content ->> 'digest', message_id) as message_id, sent_at is null and gave_up_at is null as waits
      from rosterd.outbox where import_id = ${id}`;
    const told = mails().some(({ messageId }) => messageId === owed?.message_id);
    this.#check(told || (mail === "waiting" && owed?.waits), `I4: somebody hears of ${name}`);
  }

  /** Asserts I1, I2 and I7: the test declared every entry. */
  async #nothingElse(): Promise<void> {
    const { sql } = this.options;
    const files = [...this.#dropped.values()];
    const wanted = new Set(files.flatMap(({ creates }) => creates));
    const users = await sql<{ unique_id: string }[]>`select unique_id from rosterd.users`;
    const strangers = users.filter(({ unique_id }) => !wanted.has(unique_id));
    assert.deepEqual(strangers.map(({ unique_id }) => unique_id), [], "I1: no other user was created");
    for (const feed of this.#feeds) {
      const own = files.filter((file) => (file.feed ?? "") === feed);
      const wantedInBak = own.reduce((sum, { failed, times = 1 }) => sum + times * (failed > 0 ? 2 : 1), 0);
      const { inUpload, inWork, inBak } = await this.#betweenLooks(feed);
      this.#check(inBak.length === wantedInBak, `I2: bak holds ${inBak.sort().join(" ")}`);
      const folders = [".rosterd", "bak", ...(feed === "" ? this.options.feeds ?? [] : [])].sort();
      assert.deepEqual(inUpload.sort(), folders, "nothing else is in the upload folder");
      assert.deepEqual(inWork, [], "nothing is left in the work folder");
    }
  }

  get #feeds(): string[] {
    return [...this.options.feeds ?? [], ""];
  }

  /** Returns the entries in the folders once the short-lived probes of a scan are gone. */
  #betweenLooks(feed: string): Promise<{ inUpload: string[]; inWork: string[]; inBak: string[] }> {
    const upload = join(this.options.upload, feed);
    return until("no probe is left in the folders", async () => {
      const folders = [upload, join(upload, ".rosterd"), join(upload, "bak")];
      const [inUpload, inWork, inBak] = await Promise.all(folders.map((folder) => readdir(folder)));
      const names = [...inUpload, ...inWork, ...inBak];
      return names.some((name) => name.endsWith(".probe")) ? null : { inUpload, inWork, inBak };
    });
  }

  /**
   * Returns the digests of all files. Reads the folders in the order in which files move through them, so that no file
   * is missed.
   */
  async #standing(): Promise<Set<string>> {
    const found = new Set<string>();
    const uploads = this.#feeds.map((feed) => join(this.options.upload, feed));
    for (const folder of uploads.flatMap((upload) => [upload, join(upload, ".rosterd"), join(upload, "bak")])) {
      for (const path of await filesIn(folder, folder.endsWith(".rosterd"))) {
        const bytes = await unlessGone(readPlain(path));
        if (bytes !== null) found.add(digest(unpacked(bytes)));
      }
    }
    return found;
  }

  #check(holds: boolean, what: string): void {
    this.checks++;
    assert.ok(holds, what);
  }
}

interface Entry {
  id: number;
  feed: string;
  status: ImportStatus;
  created: number;
  failed: number;
  bak_file: string | null;
  failed_file: string | null;
  mail: string;
}

async function filesIn(folder: string, deep: boolean): Promise<string[]> {
  const entries = await unlessGone(readdir(folder, { withFileTypes: true })) ?? [];
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name));
  if (!deep) return files;
  const folders = entries.filter((entry) => entry.isDirectory());
  return [...files, ...(await Promise.all(folders.map(({ name }) => filesIn(join(folder, name), false)))).flat()];
}

/** Reads a file without following links or waiting for pipes, which an attacker may have created. */
async function readPlain(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Waits until a file has been read. Resolves to null if the file is missing or is no longer a plain file. */
async function unlessGone<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENXIO", "EISDIR"].includes(String((error as { code?: unknown }).code))) return null;
    throw error;
  }
}

/** Unpacks a packed roster. Returns the bytes themselves if they are not a complete packed file. */
function unpacked(bytes: Uint8Array): Uint8Array {
  try {
    return bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
  } catch {
    return bytes;
  }
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
