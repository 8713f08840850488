/** Reports what an import did to a file, or what it would do. */
import { inColumnOrder } from "../domain/columns.ts";
import type { HeldColumn } from "../domain/decision.ts";
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
  type StoredRecord,
} from "../domain/outcome.ts";
import type { Proposal, RosterFinding } from "../domain/roster_finding.ts";
import { Findings } from "./checks/findings.ts";
import { inFeed, joinFindings, proposalOf, withProposal } from "./checks/proposal.ts";
import { findingsOf, misreadColumns } from "./checks/questions.ts";
import { checkFile } from "./import_file.ts";
import { type ReadJob, unreadFacts } from "./import_job.ts";
import { probeHeaders } from "./probe_headers.ts";
import { reasonOf } from "./reason.ts";
import { type ImportRun, runImport } from "./run_import.ts";
import type { Failure, ImportEntry, ImportStore } from "./ports.ts";
import type { RosterFile } from "./inbox_port.ts";

export type FileJob = Omit<ImportRun, "isUpload">;

export interface CheckReport extends Report {
  /** The columns for which the change guard would hold the file. */
  held_columns: HeldColumn[];
  changes: Change[];
  kept: KeptValue[];
  /** The first few records, as read with the proposed settings if the check proposes any. */
  first_records: StoredRecord[];
  findings: RosterFinding[];
  proposal: Proposal | null;
}

/**
 * The maximum number of rounds. The values can be checked only after the header is correct, and some problems appear
 * only after the values are correct.
 */
const MAX_ROUNDS = 3;

/**
 * Performs a dry run and repeats it with the proposed settings, so that a single proposal contains every fix that
 * settings can make. Throws only if aborted or if a file with a rejected header cannot be read again.
 */
export async function checkReport(file: RosterFile, job: FileJob): Promise<CheckReport> {
  const first = await checkRound(file, job);
  let last = first, findings = findingsOf(first.found, job.settings), proposal = proposalOf(findings);
  for (let round = 1, tried = ""; round < MAX_ROUNDS && proposal !== null; round++) {
    const trial = JSON.stringify(proposal);
    if (trial === tried) break;
    tried = trial;
    const settings = withProposal(job.settings, proposal);
    last = await checkRound(file, { ...job, settings });
    findings = joinFindings(findings, findingsOf(last.found, settings), misreadColumns(last.found, settings));
    proposal = proposalOf(findings);
  }
  if (proposal === null) last = first;
  const asked = inFeed(job.feed, findings);
  return { ...first.report, first_records: last.report.first_records, findings: asked, proposal: proposalOf(asked) };
}

async function checkRound(file: RosterFile, job: FileJob): Promise<{ report: CheckReport; found: Findings }> {
  const facts = unreadFacts(file), found = new Findings();
  const report = await dryRun(file, { ...job, facts, findings: found });
  if (report.reason?.code === "header") found.headers = await probeHeaders(file, job);
  return { report, found };
}

async function dryRun(file: RosterFile, job: FileJob & ReadJob): Promise<CheckReport> {
  try {
    const { status, counts, held_columns, warnings, failures, changes, kept, records } = await job.store.dryRun(
      (transaction) => checkFile(file, transaction, job),
    );
    return {
      ...asCheck({ file: file.name, status, reason: null, ...counts, warnings, failures }),
      held_columns,
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
  return { ...report, held_columns: [], changes: [], kept: [], first_records: [], findings: [], proposal: null };
}

/**
 * Imports a file without moving it and without sending an email. `entry` is null if the import never began. Throws only
 * if aborted.
 */
export async function importReport(
  file: RosterFile,
  job: FileJob & { by: string },
): Promise<{ report: Report; entry: ImportEntry | null }> {
  const { store, feed, settings, clock, signal, by } = job;
  let entry: ImportEntry | null = null;
  try {
    const { name, size } = file;
    entry = await store.begin({ feed, file: name, claimKey: null, by, settings, startedAt: clock.now(), bytes: size });
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
    first.push(...page.map(({ line, unique_id, problems }) => ({ line, unique_id, problems })));
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
