/**
 * Runs one or more `rosterd serve` processes on one database, with long merges on demand. `invariants.ts` checks the
 * processes from outside.
 */
import { readdir } from "node:fs/promises";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { FROM_SOURCE, Workplace } from "../../support/rosterd.ts";
import { until } from "../../support/until.ts";
import { type Dropped, Outside } from "../invariants.ts";
import { type Running, runningAt } from "./running.ts";

export interface RosterdsOptions {
  settings?: Record<string, unknown>;
  program?: readonly string[];
}

export interface Ended {
  code: number;
  log: string;
  /** Stops the process. Resolves to the number of milliseconds between the signal and the end of the process. */
  took: number;
}

/** The key of the leader lock (`src/postgres/leadership.ts`). */
const LEADER_LOCK = 7_246_003;

export class Rosterds implements AsyncDisposable {
  readonly outside: Outside;
  #running = new Set<Running>();
  #started = 0;
  /** Whether to print the logs. */
  #failed = false;

  private constructor(readonly database: TestDatabase, readonly here: Workplace) {
    this.outside = new Outside({ upload: here.path("upload"), sql: database.sql, mails: null });
  }

  static async make({ settings, program = FROM_SOURCE }: RosterdsOptions = {}): Promise<Rosterds> {
    const database = (await testDatabase())!;
    const here = await Workplace.make({ DATABASE_URL: database.url, ROSTERD_LISTEN: "127.0.0.1:0" }, program);
    await here.write("settings.json", JSON.stringify({ settle_seconds: 0, interval_minutes: 1_440, ...settings }));
    return new Rosterds(database, here);
  }

  /** Starts another rosterd with its own data folder. */
  start(...words: string[]): Promise<Running> {
    return this.#startAt(this.here, words);
  }

  /** Starts another rosterd from a different program. */
  startWith(program: readonly string[]): Promise<Running> {
    return this.#startAt(this.here.with(program), []);
  }

  async #startAt(here: Workplace, words: string[]): Promise<Running> {
    const running = await runningAt(here, `data${++this.#started}`, ...words);
    this.#running.add(running);
    return running;
  }

  async end(running: Running, how: "SIGTERM" | "SIGKILL"): Promise<Ended> {
    const began = performance.now();
    running.process.kill(how);
    return await this.ended(running, began);
  }

  async ended(running: Running, began: number): Promise<Ended> {
    const { code, stderr } = await running.process.output();
    this.#running.delete(running);
    return { code, log: new TextDecoder().decode(stderr), took: performance.now() - began };
  }

  /** A roster of new, valid users. */
  rosterOf(name: string, users: number): Dropped {
    const creates = Array.from({ length: users }, (_, user) => `${name}-${user}`);
    const content = `unique_id,login_source\n${creates.map((id) => `${id},ldap\n`).join("")}`;
    return { name, content, status: "done", creates, failed: 0 };
  }

  /** Drops a file as a good client would: under a temporary name at first. */
  async drop(file: Dropped, folder = "upload"): Promise<void> {
    if (folder === "upload") this.outside.expect(file);
    await this.here.write(`${folder}/.${file.name}.part`, file.content);
    await Deno.rename(this.here.path(`${folder}/.${file.name}.part`), this.here.path(`${folder}/${file.name}`));
  }

  /** Makes each import that creates users spend `seconds` in one statement. */
  async mergesTake(seconds: number): Promise<void> {
    await this.database.sql.unsafe(`
      create table if not exists public.merge_takes (seconds double precision);
      delete from public.merge_takes;
      insert into public.merge_takes values (${seconds});
      create or replace function public.take_long() returns trigger language plpgsql as
        $$ begin perform pg_sleep(seconds) from public.merge_takes; return null; end $$`);
    await this.database.sql.unsafe(`
      do $$ begin
        create trigger takes_long after insert on rosterd.users for each statement execute function public.take_long();
      exception when duplicate_object then null;
      end $$`);
  }

  /** Changes the duration of the statement. A merge that is already running keeps its old duration. */
  async nextMergesTake(seconds: number): Promise<void> {
    await this.database.sql`update public.merge_takes set seconds = ${seconds}`;
  }

  /** Waits until one of rosterd's backends is running the slow statement. */
  async inMerge(ms?: number): Promise<void> {
    await until("a long statement runs", () => this.backends("wait_event = 'PgSleep'").then((count) => count > 0), ms);
  }

  async backends(which = "true"): Promise<number> {
    const [{ count }] = await this.database.sql.unsafe<{ count: number }[]>(`
      select count(*)::int as count from pg_stat_activity
      where application_name = 'rosterd' and datname = current_database() and ${which}`);
    return count;
  }

  /** Ends the session that holds the leader lock. */
  async depose(): Promise<void> {
    await this.database.sql`
      select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and objid = ${LEADER_LOCK} and granted
        and database = (select oid from pg_database where datname = current_database())`;
  }

  /** Waits until both the folder and the history show that every file is in `bak`. */
  async allImported(files: number, ms?: number): Promise<void> {
    const over = until(`${files} imports are finished`, async () => {
      const [{ over }] = await this.database.sql<{ over: number }[]>`
        select count(*) as over from rosterd.imports where bak_file is not null`;
      return over === files && [...Deno.readDirSync(this.here.path("upload/.rosterd"))].length === 0;
    }, ms);
    await over.catch(async (error) => {
      this.#failed = true;
      throw new Error(`the imports have not finished: ${await this.#whatIsThere()}`, { cause: error });
    });
  }

  /** Describes the state for an error message. */
  async #whatIsThere(): Promise<string> {
    const unfinished = await this.database.sql`
      select id, file, taken_key, status, reason, bak_file from rosterd.imports order by id desc limit 3`;
    const sessions = await this.database.sql`
      select pid, state, wait_event, left(query, 80) as query from pg_stat_activity
      where application_name = 'rosterd' and datname = current_database()`;
    const names = await readdir(this.here.path("upload"), { recursive: true });
    return JSON.stringify({ unfinished, sessions, folder: names.filter((name) => !name.startsWith("bak/")) }, null, 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) {
      running.process.kill("SIGCONT");
      const { log } = await this.end(running, "SIGKILL");
      if (this.#failed) console.log(log.slice(-5_000));
    }
    await this.here[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
  }
}
