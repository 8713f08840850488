/** `rosterd import FILE…`: imports files now, leaves them in place, and sends no email. */
import type { Report } from "../../domain/outcome.ts";
import { writeFailedFile } from "../../importer/files/failed_file.ts";
import { errorReport, importReport } from "../../importer/report.ts";
import { maskSettings, type Settings } from "../../domain/settings.ts";
import type { FeedSettings, ImportEntry, ImportStore } from "../../importer/ports.ts";
import { type Database, requireSuitable, type Sql } from "../../postgres/connection/connect.ts";
import { PostgresImportStore } from "../../postgres/import/import_store.ts";
import { migrate } from "../../postgres/migrate.ts";
import { findRunning, NoAccess, noAccess, withEmbedded, withServer } from "../access.ts";
import { commandLine } from "../command_line.ts";
import {
  type Command,
  CommandFailed,
  EMBEDDED_FLAG,
  FEED_FLAG,
  type Invocation,
  JSON_FLAG,
  WrongUsage,
} from "../command.ts";
import { greatestIdIn } from "../greatest_id.ts";
import { FailedTarget } from "../failed_target.ts";
import { exitCodeOf, printReport } from "../print_report.ts";
import { feedInForce } from "../settings_in_force.ts";
import { operatingSystemUser } from "../operating_system_user.ts";
import { showProgress } from "../progress_bar.ts";
import { openOperand } from "../roster_operand.ts";
import { importDetails, ownImport } from "./imports.ts";

export const importCommand: Command = {
  words: "import",
  operands: { words: "FILE…", min: 1, max: Infinity },
  flags: {
    ...JSON_FLAG,
    ...EMBEDDED_FLAG,
    ...FEED_FLAG,
    "failed-file": { value: "PATH", help: "write failed records to PATH, so that you can correct and import them" },
  },
  summary: "import files now",
  help: "Imports the files now, one after another, and leaves them in place. No email is sent.\n" +
    "Waits while another import is running on the same database.\n" +
    "Uses the server in DATABASE_URL or, with --embedded, the embedded database, which it creates if necessary.",
  run: runImport,
};

async function runImport(invocation: Invocation): Promise<number> {
  const { operands, flags, terminal } = invocation;
  const failedPath = flags["failed-file"] as string | undefined;
  if (failedPath !== undefined && operands.length > 1) throw new WrongUsage("--failed-file works with one FILE only");
  await using failed = failedPath === undefined ? null : await FailedTarget.open(failedPath, operands[0]);
  const reports = await withNamedDatabase(invocation, async (database) => {
    await requireSuitable(database.sql);
    await migrate(database.sql);
    const store = new PostgresImportStore(database, { greatestId: greatestIdIn(invocation.config.data) });
    const into = { store, ...await feedInForce(invocation) };
    const reports: Report[] = [];
    for (const path of operands) {
      const done = await importOne(invocation, into, path, failed);
      if (!flags.json) printReport(terminal, done.report);
      reports.push(flags.json ? await documentOf(done, into, database.sql) : done.report);
    }
    return reports;
  });
  if (flags.json) terminal.out(JSON.stringify({ imports: reports }, null, 2));
  return exitCodeOf(reports);
}

/** Uses the server in DATABASE_URL or, with `--embedded`, the embedded database. */
async function withNamedDatabase<T>(invocation: Invocation, work: (database: Database) => Promise<T>): Promise<T> {
  const { config, flags, installation } = invocation;
  if (flags.embedded) return await withEmbedded(invocation, work);
  if (config.databaseUrl !== null) return await withServer(invocation, work);
  const service = await findRunning(invocation);
  if (service === null) {
    if (installation.readError !== null) throw noAccess(invocation);
    throw new NoAccess(
      `DATABASE_URL is not set, and no rosterd is running with the data folder ${config.data}. Set DATABASE_URL, or ` +
        `start rosterd and drop the file into its upload folder. To just try out rosterd, run: ` +
        commandLine(invocation, ["--embedded"]),
    );
  }
  throw new CommandFailed(
    `the service at ${service.address} is running: drop the file into its upload folder, or set DATABASE_URL`,
  );
}

/** The report of a file, and its import. An import that never began is null. */
interface Done {
  report: Report;
  startedAt: Date;
  entry: ImportEntry | null;
}

async function importOne(
  { clock, signal, terminal, flags }: Invocation,
  { store, feed, settings }: FeedSettings & { store: ImportStore },
  path: string,
  failed: FailedTarget | null,
): Promise<Done> {
  const startedAt = clock.now();
  const done = await openOperand(path, async (file) => {
    const { report, entry } = await importReport(file, {
      store,
      feed,
      settings,
      clock,
      signal,
      by: operatingSystemUser(),
      onProgress: showProgress(terminal, path, flags.json === true),
      onWait: () => terminal.err("rosterd: another import is running on this database: waiting for it to finish"),
    });
    if (failed !== null && entry !== null && report.failed > 0) {
      const failures = store.failures(entry.id);
      await writeFailedFile({ file, failures, entry, signal }, (bytes) => failed.write(bytes));
    }
    return { report, startedAt, entry };
  }, (name, error) => ({ report: errorReport(name, error), startedAt, entry: null }));
  terminal.progress("");
  return done;
}

/** The same document as `imports show --json` prints. If the import never began, its `id` is null. */
async function documentOf({ report, startedAt, entry }: Done, { feed, settings }: FeedSettings, sql: Sql) {
  const shown = entry === null || report.status === "error" ? null : await ownImport(sql, entry.id);
  if (shown !== null) return importDetails(shown);
  const begun = entry ?? neverBegun(feed, settings, startedAt);
  return { ...begun, ...report, held_users: [], held_columns: [] };
}

function neverBegun(
  feed: string,
  settings: Settings,
  startedAt: Date,
): Omit<ImportEntry, "id" | keyof Report> & { id: null } {
  return {
    id: null,
    feed,
    failed_new: 0,
    failed_fixed: 0,
    sha256: null,
    uploaded_by: operatingSystemUser(),
    bytes: null,
    encoding: null,
    delimiter: null,
    started_at: startedAt.toISOString(),
    finished_at: null,
    undone_at: null,
    bak_file: null,
    failed_file: null,
    mail: "none",
    hold: null,
    approves: null,
    decisions: [],
    settings: maskSettings(settings),
  };
}
