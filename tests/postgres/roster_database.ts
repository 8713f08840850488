/** Gives each test its own migrated database and imports real files as the command line does. */
import { join } from "node:path";
import { DEFAULT_SETTINGS, type Settings } from "../../src/domain/settings.ts";
import type { ImportStore, Report } from "../../src/importer/ports.ts";
import type { RosterFile } from "../../src/importer/inbox_port.ts";
import { type CheckReport, checkReport, type FileJob, importReport } from "../../src/importer/report.ts";
import { openRosterFile } from "../../src/inbox/files/open.ts";
import { connectServer, type Database, type Sql } from "../../src/postgres/connection/connect.ts";
import { startEmbedded } from "../../src/postgres/connection/embedded.ts";
import { PostgresImportStore } from "../../src/postgres/import/import_store.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";

/** The report on an import, and its id in the history. */
export type ImportReport = Report & { id: number | null };
export type User = Record<string, unknown>;

/** The options of an import in a test. `settings` is merged with the defaults. */
export interface Way extends Partial<Omit<FileJob, "settings">> {
  settings?: Partial<Settings>;
  /** Wraps the file before the importer reads it. */
  through?: (file: RosterFile) => RosterFile;
}

/** The change guard is off because most tests change all users at once. */
const UNGUARDED: Partial<Settings> = { change_guard: { max_percent: 100, min_users: 0 } };

export class RosterDatabase implements AsyncDisposable {
  readonly store: ImportStore;

  private constructor(
    readonly database: Database,
    /** A second connection for the test. With the embedded database, this is the only connection. */
    readonly sql: Sql,
    /** The URL for another program in a test; null for the embedded database, which does not allow a second client. */
    readonly url: string | null,
    private readonly folder: string,
    private readonly resources: AsyncDisposableStack,
  ) {
    this.store = new PostgresImportStore(database);
  }

  /** Opens an empty database. The caller must call {@link migrate}. */
  static async open(kind: Database["kind"]): Promise<RosterDatabase> {
    const resources = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "rosterd-test-" });
    resources.defer(() => Deno.remove(folder, { recursive: true }));
    if (kind === "embedded") {
      const database = await startEmbedded(folder);
      resources.defer(() => database.close());
      return new RosterDatabase(database, database.sql, null, folder, resources);
    }
    const { url, sql } = resources.use((await testDatabase())!);
    const database = connectServer(url);
    resources.defer(() => database.close());
    return new RosterDatabase(database, sql as Sql, url, folder, resources);
  }

  migrate(): Promise<number> {
    return migrate(this.database.sql);
  }

  /** Opens another migrated database of the same kind. The caller must dispose of the database. */
  async another(): Promise<RosterDatabase> {
    const other = await RosterDatabase.open(this.database.kind);
    await other.migrate();
    return other;
  }

  import(roster: string, way: Way = {}): Promise<ImportReport> {
    return this.#withFile(roster, way, async (file, job) => {
      const { report, entry } = await importReport(file, { ...job, by: "tester" });
      return { id: entry?.id ?? null, ...report };
    });
  }

  check(roster: string, way: Way = {}): Promise<CheckReport> {
    return this.#withFile(roster, way, (file, job) => checkReport(file, job));
  }

  /** Users by unique_id, with their values and booleans for `active` and `archived`. */
  async users(): Promise<Record<string, User>> {
    const rows = await this.sql<{ user: User }[]>`
      select to_jsonb(u) - '{archived_at, inactive_since, created_at, updated_at, created_by_import, feeds}'::text[]
        || jsonb_build_object('archived', archived_at is not null) as user
      from rosterd.users as u order by unique_id`;
    return Object.fromEntries(rows.map(({ user }) => [user.unique_id, user]));
  }

  /** Adds users as an earlier import without feeds would have left them: `state` is active, disabled or archived. */
  async addUsers(...users: { unique_id: string; state?: string; [column: string]: unknown }[]): Promise<void> {
    const rows = users.map(({ state = "active", ...values }) => ({
      login_source: "ldap",
      feeds: { "": true },
      ...values,
      active: state === "active",
      archived_at: state === "archived" ? "2026-01-01T00:00:00Z" : null,
    }));
    await this.sql`
      insert into rosterd.users
      select * from jsonb_populate_recordset(null::rosterd.users, (
        select jsonb_agg('{"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}' || one)
        from jsonb_array_elements(${this.sql.json(rows as never)}) as one
      ))`;
  }

  async clear(): Promise<void> {
    await this.sql`truncate rosterd.users, rosterd.permits, rosterd.imports cascade`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources.disposeAsync();
  }

  async #withFile<T>(
    roster: string,
    { settings, through = (file) => file, ...way }: Way,
    work: (file: RosterFile, job: FileJob) => Promise<T>,
  ): Promise<T> {
    const path = join(this.folder, `${crypto.randomUUID()}.csv`);
    await Deno.writeTextFile(path, roster);
    const file = await openRosterFile(path, "roster.csv");
    try {
      return await work(through(file), {
        store: this.store,
        feed: "",
        settings: { ...DEFAULT_SETTINGS, ...UNGUARDED, ...settings },
        clock: systemClock,
        signal: new AbortController().signal,
        onProgress: () => {},
        ...way,
      });
    } finally {
      await file.close();
      await Deno.remove(path);
    }
  }
}

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: tests of tests/postgres/ that need a server: ${unavailable}`);

type Test = (db: RosterDatabase, t: Deno.TestContext) => Promise<void>;

/** Registers a test that runs on a server. */
export function onServer(name: string, test: Test, { migrated = true } = {}): void {
  Deno.test({ name, ignore: unavailable !== null, fn: (t) => run("server", test, t, migrated) });
}

/** Registers a test that runs both on a server and on the embedded database. */
export function onEachDatabase(name: string, test: Test): void {
  onServer(`${name} (server)`, test);
  Deno.test(`${name} (embedded)`, (t) => run("embedded", test, t, true));
}

async function run(kind: Database["kind"], test: Test, t: Deno.TestContext, migrated: boolean): Promise<void> {
  await using db = await RosterDatabase.open(kind);
  if (migrated) await db.migrate();
  await test(db, t);
}

/** Converts records to CSV. All records must have the same keys. */
export function csvOf(records: readonly Record<string, string>[]): string {
  const names = Object.keys(records[0]);
  const line = (values: readonly string[]) => values.map((value) => `"${value.replaceAll('"', '""')}"`).join(",");
  return [line(names), ...records.map((record) => line(names.map((name) => record[name])))].join("\n") + "\n";
}

/** Returns the counts that are not 0. */
export function countsOf(report: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(report).filter(([name, value]) => typeof value === "number" && value !== 0 && name !== "id"),
  );
}
