/** `rosterd import FILE…`: imports now and leaves the files where they are; no mail. */
import type { Report } from "../../domain/outcome.ts";
import { openSettingsFile } from "../../host/settings_file.ts";
import { writeFailedFile } from "../../importer/files/failed_file.ts";
import { errorReport, importReport } from "../../importer/report.ts";
import type { ImportStore } from "../../importer/ports.ts";
import type { Settings } from "../../domain/settings.ts";
import { requireSuitable } from "../../postgres/connection/connect.ts";
import { PostgresImportStore } from "../../postgres/import/import_store.ts";
import { migrate } from "../../postgres/migrate.ts";
import { withDatabase } from "../access.ts";
import { type Command, type Invocation, JSON_FLAG, WrongUsage } from "../command.ts";
import { FailedTarget } from "../failed_target.ts";
import { exitCodeOf, printReport } from "../print_report.ts";
import { openNamed, showProgress, withoutDatabase } from "../roster_operand.ts";

export const importCommand: Command = {
  words: "import",
  operands: "FILE…",
  least: 1,
  most: Infinity,
  flags: {
    ...JSON_FLAG,
    "failed-file": { value: "PATH", help: "write the records that failed to PATH, to be corrected and imported again" },
  },
  summary: "import files now",
  help: "Imports the files now, one after the other, and leaves them where they are. Nobody is mailed.\n" +
    "While another import runs on the same database it waits.",
  run: runImport,
};

async function runImport(invocation: Invocation): Promise<number> {
  const { config, operands, flags, terminal, clock } = invocation;
  const failedPath = flags["failed-file"] as string | undefined;
  if (failedPath !== undefined && operands.length > 1) throw new WrongUsage("--failed-file goes with one FILE");
  const { settings } = await openSettingsFile(config.settings, clock).read();
  await using failed = failedPath === undefined ? null : await FailedTarget.open(failedPath, operands[0]);
  const reports = await withDatabase(config, async (database) => {
    await requireSuitable(database.sql);
    await migrate(database.sql);
    const store = new PostgresImportStore(database);
    const done: Report[] = [];
    for (const path of operands) done.push(await importOne(invocation, store, settings, path, failed));
    return done;
  }).catch((error) => withoutDatabase(invocation, error));
  if (flags.json) terminal.out(JSON.stringify(reports, null, 2));
  return exitCodeOf(reports);
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
