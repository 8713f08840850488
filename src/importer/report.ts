/**
 * What people and scripts are told of one file: the documents of `import --json` and `check --json` (contract, section 7).
 * Used by the command line, and by HTTP for `POST /check`.
 */
import { columnPosition } from "../domain/columns.ts";
import {
  type Change,
  COUNT_NAMES,
  type Counts,
  MOST_FAILURES_REPORTED,
  noCounts,
  type Reason,
  RejectedFile,
  type Report,
  statusOf,
  type Warning,
} from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import type { Clock } from "../runtime/clock.ts";
import { checkFile, importFile, noFacts } from "./import_file.ts";
import { isOver } from "./next_step.ts";
import { reasonOf } from "./reason.ts";
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
  const facts = noFacts(file);
  try {
    const { counts, warnings, failures, changes } = await job.store.rehearsal((transaction) =>
      checkFile(file, transaction, { ...job, facts })
    );
    return { ...report(file.name, counts, warnings, failures), changes: changes.map(inColumnOrder) };
  } catch (error) {
    job.signal.throwIfAborted();
    return { ...failedReport(file.name, error), changes: [] };
  }
}

/** A database has an order of its own for names; people know the one of the contract. */
function inColumnOrder({ columns, ...change }: Change): Change {
  const ordered = Object.entries(columns).toSorted(([a], [b]) => columnPosition(a) - columnPosition(b));
  return { ...change, columns: Object.fromEntries(ordered) };
}

/** Imports the file and leaves it where it is; no mail. Throws only when it was called off. */
export async function importReport(file: RosterFile, job: FileJob): Promise<Report & { id: number | null }> {
  const { store, settings, clock, signal, onWait } = job;
  const facts = noFacts(file);
  let begun: ImportEntry | null = null;
  try {
    begun = await store.begin({ file: file.name, takenKey: null, settings, startedAt: clock.now(), bytes: file.size });
    const { id } = begun;
    const { counts, warnings } = await store.transaction(
      (transaction) => importFile(file, transaction, id, { ...job, facts }, false),
      { signal, onWait },
    );
    return { id, ...report(file.name, counts, warnings, await firstFailures(store, id)) };
  } catch (error) {
    if (begun !== null && error instanceof RejectedFile) {
      await store.reject(begun.id, error.reason, facts, { state: "none" }, clock.now());
    } else if (begun !== null) {
      const applied = await appliedAfterAll(store, begun.id, error);
      if (applied !== null) return applied;
    }
    signal.throwIfAborted();
    return { id: begun?.id ?? null, ...failedReport(file.name, error) };
  }
}

/**
 * The answer to COMMIT may have been lost: only the database knows whether the file was applied. If not, it is told why; that it
 * cannot note even this is no news.
 */
async function appliedAfterAll(
  store: ImportStore,
  id: number,
  error: unknown,
): Promise<Report & { id: number } | null> {
  try {
    const entry = (await store.find(id))!;
    const counts = Object.fromEntries(COUNT_NAMES.map((name) => [name, entry[name]])) as unknown as Counts;
    if (isOver(entry)) return { id, ...report(entry.file, counts, entry.warnings, await firstFailures(store, id)) };
    await store.postpone(id, reasonOf(error));
  } catch { /* the first error is the one to tell */ }
  return null;
}

async function firstFailures(store: ImportStore, id: number): Promise<Failure[]> {
  const first: Failure[] = [];
  for await (const page of store.failures(id)) {
    first.push(...page);
    if (first.length >= MOST_FAILURES_REPORTED) break;
  }
  return first.slice(0, MOST_FAILURES_REPORTED);
}

function report(file: string, counts: Counts, warnings: Warning[], failures: Failure[]): Report {
  return { file, status: statusOf(counts), reason: null, ...counts, warnings, failures };
}

/** A file that was rejected, or that could not be imported. */
export function failedReport(file: string, error: unknown): Report {
  const rejected = error instanceof RejectedFile;
  const reason: Reason = rejected ? error.reason : reasonOf(error);
  return { file, status: rejected ? "rejected" : "error", reason, ...noCounts(), warnings: [], failures: [] };
}
