/**
 * THE STORY of an import: from the bytes of one file to users in the database.
 *
 * Three things can come out wrong, and they are kept apart. A record that cannot be applied is a failure: data, stored and
 * reported. A file that cannot be read as a roster is rejected: {@link RejectedFile}. Anything else (the database went
 * away, the file changed) is thrown as it is: the transaction leaves nothing behind and the file waits.
 */
import {
  balance,
  type Change,
  type Counts,
  type Failure,
  MOST_CHANGES_REPORTED,
  MOST_FAILURES_REPORTED,
  RejectedFile,
  statusOf,
  type Warning,
} from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import { breathe as breatheOnce } from "../runtime/breathe.ts";
import type { Clock } from "../runtime/clock.ts";
import { utf8Chunks } from "./decode.ts";
import { examine } from "./examine.ts";
import { mailOwed } from "./mail_owed.ts";
import type { Header } from "./header.ts";
import type { Facts, ImportTransaction, Judgement, Progress, RosterFile } from "./ports.ts";
import { openRoster } from "./roster.ts";
import { openSource } from "./source.ts";
import { stageRecords } from "./stage_records.ts";
import { judgementWarnings, mailWarnings } from "./warnings.ts";

/** What reading a roster into a transaction needs beside the two. */
export interface ReadJob {
  /** The settings of its start; they hold to its end. */
  settings: Settings;
  clock: Clock;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Lets others have their turn; called between pieces of work that seldom wait. */
  breathe?: () => Promise<void>;
  /** Filled in as the file is read, so that they are known also when the import ends early. */
  facts: Facts;
}

export interface ImportJob extends ReadJob {
  /** The file is an upload: its import owes a mail, and the next process resumes it when this one is called off. */
  isUpload: boolean;
}

/** The file changed while it was read: nothing was applied, and it waits until it has settled anew. */
export class ChangedWhileRead extends Error {
  override readonly name = "ChangedWhileRead";
  constructor() {
    super("the file changed while it was read");
  }
}

/** Facts of a file of which nothing was read yet. */
export function noFacts(file: RosterFile): Facts {
  return { bytes: file.size, sha256: null, encoding: null, delimiter: null, records: 0 };
}

/** Imports one file within a transaction; what it came to is recorded in the same one. */
export async function importFile(
  file: RosterFile,
  transaction: ImportTransaction,
  importId: number,
  job: ImportJob,
): Promise<void> {
  const { header } = await readInto(transaction, file, job, importId);
  const { counts: applied, judgement } = await transaction.apply(importId);
  const counts = balance(applied, job.facts.records);
  const status = statusOf(counts);
  const mail = mailOwed(status, job.settings, job.isUpload);
  const warnings = [
    ...header.warnings,
    ...judgementWarnings(judgement, importId),
    ...(mail.state === "not_configured" ? mailWarnings(job.settings) : []),
  ];
  await transaction.record(importId, {
    status,
    counts,
    facts: job.facts,
    warnings,
    hold: judgement.hold,
    mail,
    finishedAt: job.clock.now(),
  });
}

/** What an import of the file would do now. The transaction is not to be committed. */
export async function checkFile(
  file: RosterFile,
  transaction: ImportTransaction,
  job: ReadJob,
): Promise<{ counts: Counts; warnings: Warning[]; failures: Failure[]; changes: Change[] }> {
  const { header, judgement } = await readInto(transaction, file, job, null);
  const counts = balance(await transaction.foresee(), job.facts.records);
  return {
    counts,
    warnings: [...header.warnings, ...judgementWarnings(judgement, null)],
    failures: await transaction.failures(MOST_FAILURES_REPORTED),
    changes: await transaction.changes(MOST_CHANGES_REPORTED),
  };
}

interface Read {
  header: Header;
  judgement: Judgement;
}

/** Reads and checks every record into the transaction, and lets it judge them. `importId` null: nothing will be carried out. */
async function readInto(
  transaction: ImportTransaction,
  file: RosterFile,
  job: ReadJob,
  importId: number | null,
): Promise<Read> {
  try {
    return await readAndJudge(transaction, file, job, importId);
  } catch (error) {
    // A verdict over a file that is still being written would be a verdict over half of it.
    if (error instanceof RejectedFile && await file.changed()) throw new ChangedWhileRead();
    throw error;
  }
}

async function readAndJudge(
  transaction: ImportTransaction,
  file: RosterFile,
  job: ReadJob,
  importId: number | null,
): Promise<Read> {
  const { settings, signal, facts, onProgress, breathe = breatheOnce } = job;
  const at = (stage: Progress["stage"], bytes: number) =>
    onProgress({ stage, bytes, total_bytes: file.size, records: facts.records });

  const source = await openSource(file);
  const examined = await examine(source, {
    fallbackEncoding: settings.fallback_encoding,
    signal,
    onProgress: (bytes) => at("examining", bytes),
  });
  facts.sha256 = examined.sha256;
  facts.encoding = examined.encoding;

  const text = () => counted(utf8Chunks(source, examined.encoding), at);
  const roster = await openRoster(text, settings, examined.invalidBytes);
  await stageRecords(transaction, { ...job, roster, bytes: examined.unpackedBytes, importId, breathe });
  if (await file.changed()) throw new ChangedWhileRead();

  at("merging", file.size);
  return { header: roster.header, judgement: await transaction.judge() };
}

/** What is done with one piece must not keep HTTP waiting for long. */
const PIECE = 1 << 16;

async function* counted(
  chunks: AsyncGenerator<Uint8Array>,
  at: (stage: Progress["stage"], bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += PIECE) yield chunk.subarray(from, from + PIECE);
    bytes += chunk.length;
    at("reading", bytes);
  }
}
