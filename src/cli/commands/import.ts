/** `rosterd import FILE…`: imports files now, leaves them in place, and sends no email. */
import type { Report } from "../../domain/outcome.ts";
import { writeFailedFile } from "../../importer/files/failed_file.ts";
import { errorReport, importReport } from "../../importer/report.ts";
import type { FeedSettings, ImportStore } from "../../importer/ports.ts";
import { type Database, requireSuitable } from "../../postgres/connection/connect.ts";
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
import { databaseErrorReports, openOperand } from "../roster_operand.ts";

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
    const done: Report[] = [];
    for (const path of operands) done.push(await importOne(invocation, into, path, failed));
    return done;
  }).catch((error) => databaseErrorReports(invocation, error));
  if (flags.json) terminal.out(JSON.stringify(reports, null, 2));
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

async function importOne(
  { clock, signal, terminal, flags }: Invocation,
  { store, feed, settings }: FeedSettings & { store: ImportStore },
  path: string,
  failed: FailedTarget | null,
): Promise<Report> {
  const report = await openOperand(path, async (file) => {
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
    return report;
  }, errorReport);
  terminal.progress("");
  if (!flags.json) printReport(terminal, report);
  return report;
}
