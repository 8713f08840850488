/** Builds the JSON that `import --json`, `check --json` and `POST /check` return. */
import { columnPosition } from "../domain/columns.ts";
import {
  type Change,
  COUNT_NAMES,
  type Counts,
  type KeptValue,
  MAX_FAILURES_REPORTED,
  noCounts,
  type Reason,
  RejectedFile,
  type Report,
  statusOf,
  type StoredRecord,
} from "../domain/outcome.ts";
import { Findings } from "./checks/findings.ts";
import { checkFile } from "./import_file.ts";
import { unreadFacts } from "./import_job.ts";
import { reasonOf } from "./reason.ts";
import { type ImportRun, runImport } from "./run_import.ts";
import type { Failure, ImportEntry, ImportStore, RosterFile } from "./ports.ts";

export type FileJob = Omit<ImportRun, "isUpload">;

export interface CheckReport extends Report {
  changes: Change[];
  kept: KeptValue[];
  first_records: StoredRecord[];
}

/** A dry run. Throws only if it is aborted. */
export async function checkReport(file: RosterFile, job: FileJob): Promise<CheckReport> {
  const facts = unreadFacts(file), findings = new Findings();
  try {
    const { counts, warnings, failures, changes, kept, records } = await job.store.dryRun((transaction) =>
      checkFile(file, transaction, { ...job, facts, findings })
    );
    const report = { file: file.name, status: statusOf(counts), reason: null, ...counts, warnings, failures };
    return {
      ...report,
      changes: changes.map((change) => ({ ...change, columns: inColumnOrder(change.columns) })),
      kept,
      first_records: records.map(({ line, values }) => ({ line, values: inColumnOrder(values) })),
    };
  } catch (error) {
    job.signal.throwIfAborted();
    return asCheck(errorReport(file.name, error));
  }
}

/** Turns the report of a file that could not be checked into a `CheckReport`. */
export function asCheck(report: Report): CheckReport {
  return { ...report, changes: [], kept: [], first_records: [] };
}

/** jsonb has its own key order, so restore the column order. */
function inColumnOrder<T>(columns: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(columns).toSorted(([a], [b]) => columnPosition(a) - columnPosition(b)));
}

/**
 * Imports without sending mail; the file stays where it is. `entry` is null if the import never began. Throws only if
 * aborted.
 */
export async function importReport(
  file: RosterFile,
  job: FileJob,
): Promise<{ report: Report; entry: ImportEntry | null }> {
  const { store, settings, clock, signal } = job;
  let entry: ImportEntry | null = null;
  try {
    const { name, size } = file;
    entry = await store.begin({ file: name, claimKey: null, settings, startedAt: clock.now(), bytes: size });
    entry = await runImport(file, entry, { ...job, isUpload: false });
    return { report: reportOf(entry, await firstFailures(store, entry.id)), entry };
  } catch (error) {
    signal.throwIfAborted();
    return { report: errorReport(file.name, error), entry };
  }
}

async function firstFailures(store: ImportStore, id: number): Promise<Failure[]> {
  const first: Failure[] = [];
  for await (const page of store.failures(id)) {
    first.push(...page);
    if (first.length >= MAX_FAILURES_REPORTED) break;
  }
  return first.slice(0, MAX_FAILURES_REPORTED);
}

function reportOf(entry: Omit<Report, "failures">, failures: Failure[]): Report {
  const { file, status, reason, warnings } = entry;
  const counts = Object.fromEntries(COUNT_NAMES.map((name) => [name, entry[name]])) as unknown as Counts;
  return { file, status, reason, ...counts, warnings, failures };
}

export function errorReport(file: string, error: unknown): Report {
  const rejected = error instanceof RejectedFile;
  const reason: Reason = rejected ? error.reason : reasonOf(error);
  return { file, status: rejected ? "rejected" : "error", reason, ...noCounts(), warnings: [], failures: [] };
}
