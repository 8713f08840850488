/** `rosterd import FILE…`: imports now and leaves the files where they are; no mail. */
import type { Report } from "../../domain/outcome.ts";
import { writeFailedFile } from "../../importer/files/failed_file.ts";
import { errorReport, importReport } from "../../importer/report.ts";
import type { ImportStore } from "../../importer/ports.ts";
import type { Settings } from "../../domain/settings.ts";
import { type Database, requireSuitable } from "../../postgres/connection/connect.ts";
import { PostgresImportStore } from "../../postgres/import/import_store.ts";
import { migrate } from "../../postgres/migrate.ts";
import { findRunning, NothingToAsk, nothingToAsk, withDatabase, withServer } from "../access.ts";
import { type Command, CommandFailed, EMBEDDED_FLAG, type Invocation, JSON_FLAG, WrongUsage } from "../command.ts";
import { FailedTarget } from "../failed_target.ts";
import { exitCodeOf, printReport } from "../print_report.ts";
import { settingsInForce } from "../settings_in_force.ts";
import { openNamed, showProgress, withoutDatabase } from "../roster_operand.ts";

export const importCommand: Command = {
  words: "import",
  operands: "FILE…",
  least: 1,
  most: Infinity,
  flags: {
    ...JSON_FLAG,
    ...EMBEDDED_FLAG,
    "failed-file": { value: "PATH", help: "write the records that failed to PATH, to be corrected and imported again" },
  },
  summary: "import files now",
  help: "Imports the files now, one after the other, and leaves them where they are. Nobody is mailed.\n" +
    "While another import runs on the same database it waits.\n" +
    "The embedded database is used, and made where there is none, only with --embedded.",
  run: runImport,
};

async function runImport(invocation: Invocation): Promise<number> {
  const { operands, flags, terminal } = invocation;
  const failedPath = flags["failed-file"] as string | undefined;
  if (failedPath !== undefined && operands.length > 1) throw new WrongUsage("--failed-file goes with one FILE");
  await using failed = failedPath === undefined ? null : await FailedTarget.open(failedPath, operands[0]);
  const reports = await withNamedDatabase(invocation, async (database) => {
    await requireSuitable(database.sql);
    await migrate(database.sql);
    const settings = await settingsInForce(invocation);
    const store = new PostgresImportStore(database);
    const done: Report[] = [];
    for (const path of operands) done.push(await importOne(invocation, store, settings, path, failed));
    return done;
  }).catch((error) => withoutDatabase(invocation, error));
  if (flags.json) terminal.out(JSON.stringify(reports, null, 2));
  return exitCodeOf(reports);
}

/** The server of DATABASE_URL, or with `--embedded` the embedded database. A service that has that imports by itself. */
async function withNamedDatabase<T>(invocation: Invocation, work: (database: Database) => Promise<T>): Promise<T> {
  const { config, flags, terminal } = invocation;
  if (flags.embedded) {
    terminal.err(`rosterd: working on the embedded database in ${config.data}, which is for trying out`);
    return await withDatabase({ ...config, databaseUrl: null }, work);
  }
  if (config.databaseUrl !== null) return await withServer(invocation, work);
  const service = await findRunning(invocation);
  if (service === null) {
    throw new NothingToAsk(`${nothingToAsk(invocation).message}. To try rosterd out: rosterd import --embedded FILE`);
  }
  throw new CommandFailed(
    `the service at ${service.address} works on its database: drop the file into its upload folder, or set DATABASE_URL`,
  );
}

async function importOne(
  { clock, signal, terminal, flags }: Invocation,
  store: ImportStore,
  settings: Settings,
  path: string,
  failed: FailedTarget | null,
): Promise<Report> {
  const report = await openNamed(path, async (file) => {
    const { report, entry } = await importReport(file, {
      store,
      settings,
      clock,
      signal,
      onProgress: showProgress(terminal, path),
      onWait: () => terminal.err("another import runs on this database: waiting for its end"),
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
