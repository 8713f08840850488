/** Checks a FILE operand, either in a database that the command has opened or through the running service. */
import type { Settings } from "../domain/settings.ts";
import { asCheck, type CheckReport, checkReport, errorReport } from "../importer/report.ts";
import type { PostgresImportStore } from "../postgres/import/import_store.ts";
import type { ServiceClient } from "./access.ts";
import type { Invocation } from "./command.ts";
import { openOperand, showProgress } from "./roster_operand.ts";

export type CheckOne = (path: string) => Promise<CheckReport>;

export function ownCheck(
  { clock, signal, terminal }: Invocation,
  store: PostgresImportStore,
  settings: Settings,
): CheckOne {
  return (path) =>
    openOperand(
      path,
      (file) =>
        checkReport(file, { store, feed: "", settings, clock, signal, onProgress: showProgress(terminal, path) }),
      unopened,
    );
}

export function serviceCheck(service: ServiceClient): CheckOne {
  return (path) =>
    openOperand(path, async (file) => {
      const content = ReadableStream.from(file.read());
      const body = { type: "application/octet-stream", content };
      const [report] = await service.ask("POST", `/check?name=${encodeURIComponent(file.name)}`, body) as CheckReport[];
      return report;
    }, unopened);
}

function unopened(file: string, error: unknown): CheckReport {
  return asCheck(errorReport(file, error));
}
