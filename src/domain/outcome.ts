/** Schemas for OpenAPI: the outcomes of records and imports, with their counts, problems, reasons and warnings. */
import { z } from "zod";
import { decision, type HeldColumn, hold } from "./decision.ts";
import { settingsSchema } from "./settings.ts";

/** Every record has exactly one of these outcomes (docs/people.md#outcomes). */
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

/** The names of all counts, in display order. */
export const COUNT_NAMES = [
  "records",
  ...OUTCOMES,
  "permits_released",
  "missing_archived",
  "missing_held",
  "renamed",
  "merged",
] as const;

/** The counts of an import. `records` is the sum of the eight outcomes. */
export type Counts = Record<typeof COUNT_NAMES[number], number>;

export function noCounts(): Counts {
  return Object.fromEntries(COUNT_NAMES.map((name) => [name, 0])) as unknown as Counts;
}

/**
 * Fills in `records`, `unchanged` and `skipped`. Records without another outcome are unchanged. `skippedLines` is the
 * number of lines such as repeated headers, which count as skipped records. Throws if the other outcomes add up to more
 * than `records`.
 */
export function balance(applied: Counts, skippedLines: number, records: number): Counts {
  const counts = { ...applied, skipped: applied.skipped + skippedLines };
  const others = OUTCOMES.filter((outcome) => outcome !== "unchanged");
  const unchanged = records - others.reduce((sum, outcome) => sum + counts[outcome], 0);
  if (unchanged < 0) throw new Error(`the counts of the import do not add up to its ${records} records`);
  return { ...counts, records, unchanged };
}

/** The codes of all problems (docs/file-format.md#problem-codes). */
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

const count = z.int().min(0);
const stableWord = z.string().describe("A stable, machine-readable code.");

const problem = z.object({
  column: z.string().nullable().describe("Column name; null if the problem concerns the whole record."),
  code: z.enum(PROBLEM_CODES),
  reason: z.string(),
});
/**
 * One problem with a record. `reason` explains the problem and the remedy to a clerk, without an initial capital or a
 * final period (docs/mail.md#reasons).
 */
export type Problem = z.output<typeof problem>;

export const failure = z.object({
  line: z.int().min(1),
  unique_id: z.string().nullable(),
  problems: z.array(problem),
});
/** A record that was not applied. `line` is the physical line where the record begins. */
export type Failure = z.output<typeof failure>;

/** A failure, with the start of the first import in which the record failed with these problems. */
export const pastFailure = failure.extend({
  since: z.string().describe("When the first import with this failure began (RFC 3339, UTC)."),
});
export type PastFailure = z.output<typeof pastFailure>;

export const lastingFailure = pastFailure.extend({
  import: z.int().describe("The last import in which the record failed."),
  feed: z.string(),
  is_user: z.boolean().describe("Whether the user exists."),
  name: z.string().nullable().describe("The first and last name; null if neither is known."),
});
/** A record that has failed for several nights and whose user has not appeared in any later file. */
export type LastingFailure = z.output<typeof lastingFailure>;

/**
 * `nights`: the minimum number of nights from the first to the last import in which a record failed, inclusive. `zone`:
 * the IANA time zone that determines when a day begins.
 */
export interface LastingQuery {
  nights: number;
  zone: string;
  limit: number;
}

export interface LastingFailures {
  failures: LastingFailure[];
  /** The total number of records that have failed for several nights. */
  total: number;
}

export const codedText = z.object({ code: stableWord, text: z.string() });
/** A stable code for programs, and a sentence for people. */
export type CodedText = z.output<typeof codedText>;
export type Warning = CodedText;

const reason = codedText.extend({ line: count.nullable() });
/** The reason why a file was rejected or an import stopped. `line` is null if no particular line is the cause. */
export type Reason = z.output<typeof reason>;

/** Returns the text of a reason, and appends the line number unless the text already contains it. */
export function reasonWords({ text, line }: Reason): string {
  return line === null || text.includes(`line ${line}`) ? text : `${text} (line ${line})`;
}

export const IMPORT_STATUSES = ["running", "rejected", "error", "held", "failed_records", "done", "checked"] as const;
export type ImportStatus = typeof IMPORT_STATUSES[number];
export const MAIL_STATES = ["none", "waiting", "sent", "failed", "not_configured"] as const;
export type MailState = typeof MAIL_STATES[number];

export const STAGES = ["examining", "reading", "merging", "reporting"] as const;
export type Stage = typeof STAGES[number];

/** The fields that the reports of imports and checks share. */
export const result = {
  file: z.string().describe("The name of the upload."),
  status: z.enum(IMPORT_STATUSES),
  reason: reason.nullable().describe("Why the file was rejected or the import stopped."),
  ...Object.fromEntries(COUNT_NAMES.map((name) => [name, count])) as Record<keyof Counts, typeof count>,
  warnings: z.array(codedText),
};
const resultDocument = z.object(result);

/** The outcome of a file that was imported or checked, with the first {@link MAX_FAILURES_REPORTED} failures. */
export type Report = z.output<typeof resultDocument> & { failures: Failure[] };

const time = z.string().describe("RFC 3339, UTC.");

export const importEntry = z.object({
  id: z.int(),
  feed: z.string().describe('The feed of the upload; "" for the upload folder itself.'),
  ...result,
  failed_new: count.describe("How many of the failed records have new failures."),
  failed_fixed: count.describe("How many failures from the feed's earlier files this file has fixed."),
  sha256: z.string().nullable(),
  uploaded_by: z.string().nullable().describe(
    "The token that uploaded the file over HTTP, or the user who ran the command; null for a file from the upload folder.",
  ),
  bytes: count.nullable(),
  encoding: z.string().nullable(),
  delimiter: z.string().nullable(),
  started_at: time,
  finished_at: time.nullable(),
  undone_at: time.nullable(),
  bak_file: z.string().nullable(),
  failed_file: z.string().nullable().describe("The failed-records file in `bak`."),
  mail: z.enum(MAIL_STATES),
  hold: hold.nullable().describe("The hold on users or on the whole file; null if nothing was held."),
  approves: z.int().nullable().describe(
    "If this import applied an approved file: the import that had put the file on hold. Otherwise null.",
  ),
  decisions: z.array(decision).describe("The decisions about the import, oldest first."),
  settings: settingsSchema,
});
/** An entry in the history, with the settings that the import used. Secrets are masked. */
export type ImportEntry = z.output<typeof importEntry>;

/** Selects the imports to list, newest first. Times are in RFC 3339 format. */
export interface ImportQuery {
  /** The maximum number of imports to return, from 1 to 200. */
  limit: number;
  /** Selects imports with a smaller id. */
  before?: number;
  status?: ImportStatus;
  /** Selects imports that started at this time or later. */
  since?: string;
  /** Selects imports that started before this time. */
  until?: string;
  /** Selects imports whose file name contains this text, ignoring case. */
  file?: string;
  /** Selects imports of this feed; "" for the upload folder itself. */
  feed?: string;
}

export const change = z.object({
  unique_id: z.string(),
  outcome: z.enum(OUTCOMES),
  columns: z.record(z.string(), z.tuple([z.string().nullable(), z.string().nullable()])).describe(
    "The old and new value of each changed column.",
  ),
});
/** A change that an import would make, as `check` reports it. */
export type Change = z.output<typeof change>;

export const importChange = change.extend({
  permits_released: z.array(z.string().nullable()).describe(
    "The numbers of the released permits; null for a permit without a number.",
  ),
});
/** The changes that an import made to one user, or that a trial would have made. */
export type ImportChange = z.output<typeof importChange>;

/** Selects the users to list: those with this outcome whose unique_id comes after `after`. */
export interface ChangeQuery {
  limit: number;
  after?: string | null;
  outcome?: Outcome | null;
}

export interface ChangePage {
  changes: ImportChange[];
  /** When the changes were deleted because their retention period had ended; null if they still exist. */
  cleared_at: string | null;
  next: string | null;
}

/**
 * A value in the roster that differs from the user's current value but does not replace it
 * (docs/file-format.md#fill-only-columns).
 */
export const keptValue = z.object({
  line: z.int().min(1),
  unique_id: z.string(),
  column: z.string(),
  roster: z.string().describe("The value in the roster."),
  kept: z.string().describe("The user's current value, which is kept."),
});
export type KeptValue = z.output<typeof keptValue>;

/** A valid record as it would be stored. */
export const storedRecord = z.object({
  line: z.int().min(1),
  values: z.record(z.string(), z.string().nullable()).describe("Values by column."),
});
export type StoredRecord = z.output<typeof storedRecord>;

export const MAX_FAILURES_REPORTED = 1_000;
export const MAX_CHANGES_REPORTED = 100;
export const MAX_RECORDS_REPORTED = 20;

/** The status of a finished import. `held` takes precedence over `failed_records`, and both over `done`. */
export function statusOf(counts: Counts): ImportStatus {
  if (counts.held > 0 || counts.missing_held > 0) return "held";
  return counts.failed > 0 ? "failed_records" : "done";
}

/**
 * Thrown to reject the whole file (docs/file-format.md#rejected-files). A rejected file is moved to `bak` and never
 * retried.
 */
export class RejectedFile extends Error {
  override readonly name = "RejectedFile";
  /** `headers` is set if the headers are the reason for the rejection. */
  constructor(readonly reason: Reason, readonly headers: readonly string[] = []) {
    super(reason.text);
  }
}

/**
 * Thrown if the change guard holds the file (docs/people.md#change-guard). No records are applied. The file is moved to
 * `bak`, and an approval applies it from there.
 */
export class HeldFile extends Error {
  override readonly name = "HeldFile";
  constructor(readonly held: HeldChanges, readonly warnings: readonly Warning[]) {
    super(held.reason);
  }
}

/** Why the change guard holds a file. */
export interface HeldChanges {
  reason: string;
  columns: HeldColumn[];
}

export function reject(code: string, text: string, line: number | null = null): never {
  throw new RejectedFile({ code, text, line });
}
