/**
 * What people and scripts are told of one file: the documents of `import --json` and `check --json` (contract, section 7).
 * Used by the command line, and by HTTP for `POST /check`.
 */
import { columnPosition } from "../domain/columns.ts";
import {
  type Change,
  COUNT_NAMES,
  type Counts,
  MAX_FAILURES_REPORTED,
  noCounts,
  type Reason,
  RejectedFile,
  type Report,
  statusOf,
} from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import type { Clock } from "../runtime/clock.ts";
import { checkFile } from "./import_file.ts";
import { unreadFacts } from "./import_job.ts";
import { reasonOf } from "./reason.ts";
import { runImport } from "./run_import.ts";
import type { Failure, ImportEntry, ImportStore, Progress, RosterFile } from "./ports.ts";

export interface FileJob {
  store: ImportStore;
  settings: Settings;
  clock: Clock;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Called once when another import has to end first. */
  onWait?: () => void;
}

export type CheckReport = Report & { changes: Change[] };

/** What an import of the file would do now. Nothing is written. Throws only when it was called off. */
export async function checkReport(file: RosterFile, job: FileJob): Promise<CheckReport> {
  const facts = unreadFacts(file);
  try {
    const { counts, warnings, failures, changes } = await job.store.dryRun((transaction) =>
      checkFile(file, transaction, { ...job, facts })
    );
    const report = { file: file.name, status: statusOf(counts), reason: null, ...counts, warnings, failures };
    return { ...report, changes: changes.map(inColumnOrder) };
  } catch (error) {
    job.signal.throwIfAborted();
    return { ...errorReport(file.name, error), changes: [] };
  }
}

/** A database has an order of its own for names; people know the one of the contract. */
function inColumnOrder({ columns, ...change }: Change): Change {
  const ordered = Object.entries(columns).toSorted(([a], [b]) => columnPosition(a) - columnPosition(b));
  return { ...change, columns: Object.fromEntries(ordered) };
}

/**
 * Imports the file and leaves it where it is; no mail. Answers also with its entry in the history; null: it has none. Throws only
 * when it was called off.
 */
export async function importReport(
  file: RosterFile,
  job: FileJob,
): Promise<{ report: Report; entry: ImportEntry | null }> {
  const { store, settings, clock, signal } = job;
  let entry: ImportEntry | null = null;
  try {
    entry = await store.begin({
      file: file.name,
      takenKey: null,
      settings,
      startedAt: clock.now(),
      bytes: file.size,
    });
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

/** What an import came to, without what only its history shows. */
function reportOf(entry: Omit<Report, "failures">, failures: Failure[]): Report {
  const { file, status, reason, warnings } = entry;
  const counts = Object.fromEntries(COUNT_NAMES.map((name) => [name, entry[name]])) as unknown as Counts;
  return { file, status, reason, ...counts, warnings, failures };
}

/** A file that was rejected, or that could not be imported. */
export function errorReport(file: string, error: unknown): Report {
  const rejected = error instanceof RejectedFile;
  const reason: Reason = rejected ? error.reason : reasonOf(error);
  return { file, status: rejected ? "rejected" : "error", reason, ...noCounts(), warnings: [], failures: [] };
}
