/** The outcomes of records and imports, and their counts, problems, reasons and warnings. Pure data. */

/** Every record ends as exactly one of these (docs/people.md#outcomes). */
export const OUTCOMES = [
  "created",
  "updated",
  "unchanged",
  "archived",
  "reactivated",
  "held",
  "skipped",
  "failed",
] as const;
export type Outcome = typeof OUTCOMES[number];

/** The counts of an import. `records` is the sum of the eight outcomes. */
export interface Counts {
  records: number;
  created: number;
  updated: number;
  unchanged: number;
  archived: number;
  reactivated: number;
  held: number;
  skipped: number;
  failed: number;
  permits_released: number;
  missing_archived: number;
  missing_held: number;
}

/** In the order in which they are shown. */
export const COUNT_NAMES = [
  "records",
  ...OUTCOMES,
  "permits_released",
  "missing_archived",
  "missing_held",
] as const satisfies readonly (keyof Counts)[];

export function noCounts(): Counts {
  return Object.fromEntries(COUNT_NAMES.map((name) => [name, 0])) as unknown as Counts;
}

/**
 * Completes the counts: a record without another outcome is unchanged. `skippedLines` are repeated headers and the like, which
 * count as skipped records. Throws if the counts exceed `records`.
 */
export function balance(applied: Counts, skippedLines: number, records: number): Counts {
  const counts = { ...applied, skipped: applied.skipped + skippedLines };
  const others = OUTCOMES.filter((outcome) => outcome !== "unchanged");
  const unchanged = records - others.reduce((sum, outcome) => sum + counts[outcome], 0);
  if (unchanged < 0) throw new Error(`the counts of the import do not add up to its ${records} records`);
  return { ...counts, records, unchanged };
}

/** docs/file-format.md#problem-codes */
export const PROBLEM_CODES = [
  "9013",
  "9014",
  "9015",
  "9019",
  "9020",
  "9022",
  "9030",
  "9031",
  "9033",
  "malformed",
] as const;
export type ProblemCode = typeof PROBLEM_CODES[number];

/** `column` is the canonical name, or null for the record as a whole. */
export interface Problem {
  column: string | null;
  code: ProblemCode;
  /** What is wrong and what to do, for a clerk; without a capital letter and a period (docs/mail.md#reasons). */
  reason: string;
}

/** A record that was not applied. `line` is the physical line on which it begins. */
export interface Failure {
  line: number;
  unique_id: string | null;
  problems: Problem[];
}

/** A stable word for programs, and a sentence for people. */
export interface CodedText {
  code: string;
  text: string;
}

export type Warning = CodedText;

/** Why a file was rejected or an import stopped. `line` is null if no line is to blame. */
export interface Reason extends CodedText {
  line: number | null;
}

/** The text of a reason, with its line unless the text names it. */
export function reasonWords({ text, line }: Reason): string {
  return line === null || text.includes(`line ${line}`) ? text : `${text} (line ${line})`;
}

export const IMPORT_STATUSES = ["running", "rejected", "error", "held", "failed_records", "done"] as const;
export type ImportStatus = typeof IMPORT_STATUSES[number];
export const MAIL_STATES = ["none", "waiting", "sent", "failed", "not_configured"] as const;
export type MailState = typeof MAIL_STATES[number];

export const STAGES = ["examining", "reading", "merging", "reporting"] as const;
export type Stage = typeof STAGES[number];

/** The document of `rosterd import --json` (docs/cli.md). */
export interface Report extends Counts {
  file: string;
  status: ImportStatus;
  reason: Reason | null;
  warnings: Warning[];
  /** The first {@link MAX_FAILURES_REPORTED}. */
  failures: Failure[];
}

/** A change that `check` plans: column → [before, after]. */
export interface Change {
  unique_id: string;
  outcome: Outcome;
  columns: Record<string, [string | null, string | null]>;
}

/** A value of a roster that differs from the user's, who keeps the own one (docs/file-format.md#columns-that-are-only-filled). */
export interface KeptValue {
  line: number;
  unique_id: string;
  column: string;
  roster: string;
  kept: string;
}

/** A valid record as it would be stored: column → value. */
export interface StoredRecord {
  line: number;
  values: Record<string, string | null>;
}

export const MAX_FAILURES_REPORTED = 1_000;
export const MAX_CHANGES_REPORTED = 100;
export const MAX_RECORDS_REPORTED = 20;

/** The status of a finished import: the first that applies. */
export function statusOf(counts: Counts): ImportStatus {
  if (counts.held > 0 || counts.missing_held > 0) return "held";
  return counts.failed > 0 ? "failed_records" : "done";
}

/** Refuses a whole file (docs/file-format.md#rejected-files): it goes to `bak` and is never retried. */
export class RejectedFile extends Error {
  override readonly name = "RejectedFile";
  /** `headers`: those of the file, if they are the reason. */
  constructor(readonly reason: Reason, readonly headers: readonly string[] = []) {
    super(reason.text);
  }
}

export function reject(code: string, text: string, line: number | null = null): never {
  throw new RejectedFile({ code, text, line });
}
