/** Checks a FILE operand, either in a database that the command has opened or through the running service. */
import { asCheck, type CheckReport, checkReport, errorReport } from "../importer/report.ts";
import type { FeedSettings } from "../importer/ports.ts";
import type { RosterFile } from "../importer/inbox_port.ts";
import type { PostgresImportStore } from "../postgres/import/import_store.ts";
import type { ServiceClient } from "./access.ts";
import type { Invocation } from "./command.ts";
import { showProgress } from "./progress_bar.ts";
import { openOperand } from "./roster_operand.ts";

export type CheckOne = (path: string) => Promise<CheckReport>;

export function ownCheck(
  { clock, signal, terminal, flags }: Invocation,
  { store, feed, settings }: FeedSettings & { store: PostgresImportStore },
): CheckOne {
  return (path) => {
    const onProgress = showProgress(terminal, path, flags.json === true);
    const check = (file: RosterFile) => checkReport(file, { store, feed, settings, clock, signal, onProgress });
    return openOperand(path, check, unopened);
  };
}

export function serviceCheck(service: ServiceClient, feed: string): CheckOne {
  return (path) =>
    openOperand(path, async (file) => {
      const content = ReadableStream.from(file.read());
      const body = { type: "application/octet-stream", content };
      const query = new URLSearchParams({ name: file.name, feed });
      return await service.ask("POST", `/check?${query}`, body) as CheckReport;
    }, unopened);
}

function unopened(file: string, error: unknown): CheckReport {
  return asCheck(errorReport(file, error));
}
