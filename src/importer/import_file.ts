/**
 * The main path of an import: from the bytes of one file to users in the database.
 *
 * A record that cannot be applied is a failure: data, stored and reported. A file that cannot be read as a roster
 * throws {@link RejectedFile}. Any other error is rethrown unchanged: the transaction is rolled back, and the file
 * stays for a retry.
 */
import {
  balance,
  type Change,
  type Counts,
  type Failure,
  HeldFile,
  type ImportStatus,
  type KeptValue,
  MAX_CHANGES_REPORTED,
  MAX_FAILURES_REPORTED,
  MAX_RECORDS_REPORTED,
  RejectedFile,
  statusOf,
  type StoredRecord,
  type Warning,
} from "../domain/outcome.ts";
import type { HeldColumn } from "../domain/decision.ts";
import { utf8Chunks } from "./source/decode.ts";
import { sniff } from "./source/sniff.ts";
import { ChangedWhileRead, type ImportJob, type ReadJob } from "./import_job.ts";
import { mailOwed, NO_MAIL } from "./mail_owed.ts";
import { knownNames } from "./checks/header.ts";
import { openRoster, type Roster } from "./csv/roster.ts";
import { judgeWithoutRecords } from "./csv/lost_line_ends.ts";
import type {
  DoneImport,
  DryRun,
  DryRunPlan,
  ImportEntry,
  ImportTransaction,
  PlannedImport,
  PlannedTrial,
  Progress,
  Staging,
} from "./ports.ts";
import type { RosterFile } from "./inbox_port.ts";
import { sameContentWarnings } from "./same_content.ts";
import { openSource } from "./source/source.ts";
import { stageRecords } from "./stage_records.ts";
import { mailStateWarnings, planWarnings } from "./warnings.ts";

/**
 * Imports one file, or only checks it in a trial, and records the result in the same transaction. Returns the history
 * entry of the import.
 */
export async function importFile(
  file: RosterFile,
  transaction: ImportTransaction,
  importId: number,
  job: ImportJob,
): Promise<ImportEntry> {
  return await (job.settings.apply ? applyFile : tryFile)(file, transaction, importId, job);
}

async function applyFile(
  file: RosterFile,
  transaction: ImportTransaction,
  importId: number,
  job: ImportJob,
): Promise<ImportEntry> {
  const { feed, settings, waived, facts } = job;
  const stage: Stage<PlannedImport> = (roster, bytes) =>
    transaction.stage(importId, roster, { feed, settings, waived }, bytes);
  const { planned, skipped, ...read } = await readAndPlan(file, stage, job);
  const applied = await planned.apply();
  if ("held" in applied) throw new HeldFile(applied.held, [...read.warnings, ...applied.warnings]);
  const counts = balance(applied.counts, skipped, facts.records), { hold } = applied.summary;
  const warnings = [
    ...read.warnings,
    ...await sameContentWarnings(transaction, feed, counts, facts.sha256),
    ...planWarnings(applied.summary, importId),
  ];
  const news = await applied.keepFailures(counts);
  return await applied.record(doneImport(job, { status: statusOf(counts), counts, news, warnings, hold }));
}

async function tryFile(
  file: RosterFile,
  transaction: ImportTransaction,
  importId: number,
  job: ImportJob,
): Promise<ImportEntry> {
  const stage: Stage<PlannedTrial> = (roster) => transaction.trial(importId, roster, job);
  const { planned, skipped, ...read } = await readAndPlan(file, stage, job);
  const counts = balance(await planned.counts(), skipped, job.facts.records);
  const warnings = [...read.warnings, ...planWarnings(planned.summary, null)];
  const news = await planned.keepFailures(counts);
  return await planned.record(doneImport(job, { status: "checked", counts, news, warnings, hold: null }));
}

/** The result to record, with the email to send. */
function doneImport(
  { settings, facts, clock, isUpload }: ImportJob,
  { warnings, ...done }: Pick<DoneImport, "status" | "counts" | "news" | "warnings" | "hold">,
): DoneImport {
  const finishedAt = clock.now();
  const mail = isUpload ? mailOwed(done, settings, finishedAt) : NO_MAIL;
  return { ...done, facts, warnings: [...warnings, ...mailStateWarnings(mail, settings)], mail, finishedAt };
}

/** The report of a dry run: the counts and the first entries of each list. */
export interface Checked {
  status: ImportStatus;
  counts: Counts;
  /** The columns that would make the change guard hold the file. */
  held_columns: HeldColumn[];
  warnings: Warning[];
  failures: Failure[];
  changes: Change[];
  kept: KeptValue[];
  records: StoredRecord[];
}

/** The effects that an import of the file would have. */
export async function checkFile(
  file: RosterFile,
  dryRun: DryRun,
  job: ReadJob,
): Promise<Checked> {
  const stage: Stage<DryRunPlan> = (roster) => dryRun.stage(roster, job);
  const { planned, skipped, ...read } = await readAndPlan(file, stage, job);
  const counts = balance(await planned.counts(), skipped, job.facts.records);
  const { changes } = planned.summary;
  return {
    status: changes === null ? statusOf(counts) : "held",
    counts,
    held_columns: changes?.columns ?? [],
    warnings: [
      ...read.warnings,
      ...await sameContentWarnings(dryRun, job.feed, counts, job.facts.sha256),
      ...planWarnings(planned.summary, null),
    ],
    failures: await planned.failures(MAX_FAILURES_REPORTED),
    changes: await planned.changes(MAX_CHANGES_REPORTED),
    kept: await planned.kept(MAX_CHANGES_REPORTED),
    records: await planned.records(MAX_RECORDS_REPORTED),
  };
}

/** `bytes`: the length of the roster's text. */
type Stage<Planned> = (roster: Roster, bytes: number) => Promise<Staging<Planned>>;

interface Read<Planned> {
  warnings: Warning[];
  /** The number of lines, such as repeated headers, that count as skipped records. */
  skipped: number;
  planned: Planned;
}

async function readAndPlan<Planned>(
  file: RosterFile,
  stage: Stage<Planned>,
  job: ReadJob,
): Promise<Read<Planned>> {
  const { settings, signal, facts, findings, onProgress } = job;
  let total = file.size;
  const at = (stage: Progress["stage"], bytes: number) =>
    onProgress({ stage, bytes, total_bytes: total, records: facts.records });
  try {
    const source = await openSource(file);
    const { fallback_encoding: fallbackEncoding } = settings;
    const sniffed = await sniff(source, { fallbackEncoding, signal, onProgress: (bytes) => at("examining", bytes) });
    const { sha256, encoding, hasUtf8, invalidBytes, unpackedBytes } = sniffed;
    Object.assign(facts, { sha256, encoding, records: 0 });
    total = unpackedBytes;

    const roster = await openRoster(() => counted(utf8Chunks(source, encoding, hasUtf8), at), settings, invalidBytes);
    facts.delimiter = roster.delimiter;
    findings.headers = roster.header.names;

    const staging = await stage(roster, unpackedBytes);
    const { staged, notes } = await stageRecords(staging, roster, unpackedBytes, job);
    if (facts.records === 0) judgeWithoutRecords(roster.header, knownNames(settings.header_aliases));
    if (await file.changed()) throw new ChangedWhileRead();

    at("merging", total);
    const planned = await staged.plan(findings);
    findings.rejectDamaged(facts.records);
    const warnings = [...roster.header.warnings, ...notes.warnings, ...findings.warnings(facts.records)];
    facts.records += notes.skipped;
    return { warnings, skipped: notes.skipped, planned };
  } catch (error) {
    if (!(error instanceof RejectedFile)) throw error;
    // An incomplete file is not rejected here, because its upload may still be in progress.
    if (await file.changed()) throw new ChangedWhileRead();
    if (error.headers.length > 0) findings.headers = error.headers;
    throw error;
  }
}

/** The pieces are small, so that processing one of them does not delay HTTP requests. */
const PIECE_BYTES = 1 << 16;

async function* counted(
  chunks: AsyncGenerator<Uint8Array>,
  at: (stage: Progress["stage"], bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += PIECE_BYTES) yield chunk.subarray(from, from + PIECE_BYTES);
    bytes += chunk.length;
    at("reading", bytes);
  }
}
