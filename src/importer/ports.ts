/**
 * The interfaces through which the importer uses the upload folder and the database. `src/inbox/` and `src/postgres/`
 * implement these interfaces.
 */
import type { Batch } from "./csv/batch.ts";
import type { FoundProblems } from "./checks/check.ts";
import type { Findings } from "./checks/findings.ts";
import type { Roster } from "./csv/roster.ts";
import type { PossibleDuplicate } from "./digests/duplicate_filter.ts";
import type { UnchangedCache } from "./digests/unchanged_cache.ts";
import type { UserSet } from "./digests/user_set.ts";
import type { Approved, Hold } from "../domain/decision.ts";
import type { ImportMailKind } from "../domain/mail.ts";
import type { Settings } from "../domain/settings.ts";
import type {
  Change,
  Counts,
  Failure,
  HeldChanges,
  ImportEntry,
  ImportStatus,
  KeptValue,
  PastFailure,
  Reason,
  Report,
  Stage,
  StoredRecord,
  Warning,
} from "../domain/outcome.ts";

/**
 * Thrown if the database role lacks a right that an import needs. The message names the right and the SQL statement
 * that grants it.
 */
export class MissingRight extends Error {
  override readonly name = "MissingRight";
  readonly code = "42501";
}

export interface Progress {
  stage: Stage;
  bytes: number;
  total_bytes: number;
  records: number;
}

/** Facts that an import learns about its file. The history stores the facts. */
export interface Facts {
  bytes: number;
  sha256: string | null;
  encoding: string | null;
  delimiter: string | null;
  records: number;
}

export type IsWanted = (batch: Batch, record: number) => boolean;

/** Why the archive guard holds users, and the losses above its limits. */
export type HeldAccess = Pick<Hold, "reason" | "losses">;

export interface PlanSummary {
  /** Remarks for the admin, such as why missing users are not archived. */
  warnings: Warning[];
  /** The reason why users who would lose access are held; null if no users are held. */
  hold: HeldAccess | null;
  /** The reason why the whole file is held; null if it is not held. */
  changes: HeldChanges | null;
}

/** A feed, with the settings for its files. */
export interface FeedSettings {
  /** The name of the feed; "" for the upload folder itself. */
  feed: string;
  settings: Settings;
}

/** Options for reading a file. */
export interface StageOptions extends FeedSettings {
  /** The columns that an admin has approved for this file. The change guard ignores these columns. */
  waived?: readonly string[];
}

/** The approval of a held file. */
export interface Approval extends FeedSettings {
  /** The import that holds the file. */
  held: number;
  by: string;
  claimKey: string;
  startedAt: Date;
}

export interface EarlierImports {
  /**
   * The feed's latest import of the same bytes that was applied and not undone. The result is null if no other file of
   * the feed has been applied since that import.
   */
  earlierWithSameContent(feed: string, sha256: string): Promise<{ id: number; startedAt: Date } | null>;
}

/** The transaction of one import. Each step returns an object for the next one. */
export interface ImportTransaction extends EarlierImports {
  /**
   * Creates the temporary tables of an import and loads the unchanged-record cache. `bytes` is the length of the
   * roster's text.
   */
  stage(importId: number, roster: Roster, of: StageOptions, bytes: number): Promise<Staging<PlannedImport>>;
  /** Checks a file like a dry run, but stores the result in the history. Does not change any users. */
  trial(importId: number, roster: Roster, of: FeedSettings): Promise<Staging<PlannedTrial>>;
  /**
   * Begins the import of a held file. Other connections see the new history entry only if the file is applied. Throws
   * CannotDecide if the hold is over.
   */
  beginApproval(approval: Approval): Promise<number>;
  /** Ends the hold in the same transaction as the import that `entry` describes. */
  endApproval(approval: Approval, entry: ImportEntry): Promise<Approved>;
}

/** A transaction that is always rolled back. */
export interface DryRun extends EarlierImports {
  stage(roster: Roster, of: FeedSettings): Promise<Staging<DryRunPlan>>;
}

export interface Staging<Planned> {
  /** A matcher with which the reader skips unchanged records; null if every record must be read. */
  readonly cache: UnchangedCache | null;
  /**
   * Adds the records of a checked batch with their problems. `possibleDuplicate` is 1 for each record that may share a
   * unique value with an earlier record, otherwise 0.
   */
  write(batch: Batch, problems: FoundProblems, possibleDuplicate: Uint8Array): Promise<void>;
  /**
   * Adds possible duplicates among the records written so far. `repeated`: users that have both a skipped record and a
   * record that was read.
   */
  note(possibleDuplicates: readonly PossibleDuplicate[], repeated: readonly string[]): Promise<void>;
  /**
   * Does what `note` does one last time, then ends the COPY stream. When the promise resolves, all records are staged.
   */
  end(
    possibleDuplicates: readonly PossibleDuplicate[],
    repeated: readonly string[],
  ): Promise<Staged<Planned> | Restaging<Planned>>;
}

/** Stages all records of the given users again. */
export interface Restaging<Planned> {
  readonly users: UserSet;
  write(batch: Batch, problems: FoundProblems, isWanted: IsWanted): Promise<void>;
  end(): Promise<Staged<Planned>>;
}

export interface Staged<Planned> {
  /** This is null if no users need restaging. */
  readonly users: null;
  /** Determines the effect of each record: repeated ids, changes, taken values (docs/file-format.md#taken-values). */
  plan(findings: Findings): Promise<Planned>;
}

export interface PlannedImport {
  /** Applies the plan, unless the file is held. Plans again if another program changes a user in the plan. */
  apply(): Promise<AppliedImport | HeldPlan>;
}

/** A plan that was not applied because the change guard holds the file. */
export interface HeldPlan {
  readonly held: HeldChanges;
  readonly warnings: readonly Warning[];
}

/** Compares the failures of an import with those of the feed's earlier imports. */
export interface FailureNews extends Pick<ImportEntry, "failed_new" | "failed_fixed"> {
  /** Whether the feed has failures from this import or earlier ones. */
  open: boolean;
  /** The start time of the latest import whose email reported failures. */
  toldAt: Date | null;
}

/** Stores the failures. Call this method once, before `record`. */
type KeepFailures = (counts: Counts) => Promise<FailureNews>;

export interface PlannedTrial {
  readonly summary: PlanSummary;
  counts(): Promise<Counts>;
  keepFailures: KeepFailures;
  /** Completes the history entry with the changes that the import would make and stores the email to send. */
  record(done: DoneImport): Promise<ImportEntry>;
}

export interface AppliedImport {
  readonly counts: Counts;
  /** The plan that was actually applied. */
  readonly summary: PlanSummary;
  keepFailures: KeepFailures;
  /** Completes the history entry of the import and stores the email to send. Returns the entry. */
  record(done: DoneImport): Promise<ImportEntry>;
}

export interface DryRunPlan {
  readonly summary: PlanSummary;
  counts(): Promise<Counts>;
  failures(limit: number): Promise<Failure[]>;
  changes(limit: number): Promise<Change[]>;
  /** The first few stored values that the roster does not replace because of `fill_only_columns`. */
  kept(limit: number): Promise<KeptValue[]>;
  /** The first few records, as they would be stored. */
  records(limit: number): Promise<StoredRecord[]>;
}

export interface DoneImport {
  status: ImportStatus;
  counts: Counts;
  news: FailureNews;
  facts: Facts;
  warnings: readonly Warning[];
  hold: HeldAccess | null;
  mail: MailOwed;
  finishedAt: Date;
}

/** The email to send for an import. "not_configured": an email is due, but no mail server is set up. */
export type MailOwed =
  | { state: "none" | "not_configured" }
  | { state: "waiting"; kind: ImportMailKind; sender: string };

export interface WaitOptions {
  signal: AbortSignal;
  onWait?: () => void;
}

export interface ImportStore {
  /**
   * Begins an import, or continues the import with the same key. The `status` of the returned entry shows whether the
   * import has already finished.
   */
  begin(
    entry: FeedSettings & {
      file: string;
      claimKey: string | null;
      /**
       * The client that uploaded the file over HTTP, or the user of the command; null if the file came through the
       * folder.
       */
      by: string | null;
      startedAt: Date;
      bytes: number;
    },
  ): Promise<ImportEntry>;
  /**
   * Runs `work` in a transaction as the only import in the database. Calls `onWait` once if it must first wait for
   * another import to end.
   */
  transaction<T>(work: (transaction: ImportTransaction) => Promise<T>, waiting: WaitOptions): Promise<T>;
  /** Runs `work` in a transaction that is rolled back. `work` needs neither the import lock nor the schema. */
  dryRun<T>(work: (dryRun: DryRun) => Promise<T>): Promise<T>;
  reject(importId: number, reason: Reason, facts: Facts, mail: MailOwed, finishedAt: Date): Promise<void>;
  /** Records that the change guard holds the file and that no records were applied. */
  holdFile(importId: number, plan: HeldPlan, facts: Facts, mail: MailOwed, finishedAt: Date): Promise<void>;
  /** Records that an approval found additional columns that the file would now change for too many users. */
  holdMore(importId: number, held: HeldChanges): Promise<void>;
  /** Records why an import failed. The import will be retried. */
  postpone(importId: number, reason: Reason): Promise<void>;
  find(importId: number): Promise<ImportEntry | null>;
  /** The import of the claimed upload with this key; null if the import never began. */
  findClaimed(claimKey: string): Promise<ImportEntry | null>;
  /** The failures in line order, one page at a time. A page is valid until the next one is requested. */
  failures(importId: number): AsyncGenerator<PastFailure[]>;
  /**
   * The imports of the feed's uploads with these keys, and all other imports of the feed whose uploads are not yet in
   * `bak`.
   */
  unfinished(feed: string, keys: readonly string[]): Promise<{ key: string; entry: ImportEntry }[]>;
  markKept(importId: number, failedFile: string): Promise<void>;
  /** Records the name of the file in `bak`. From then on, the email about the import may be sent. */
  markMoved(importId: number, bakFile: string): Promise<void>;
  /** Records that the file is gone. This is an error if the import was not applied, otherwise a warning. */
  endWithoutFile(importId: number, reason: Reason, at: Date): Promise<void>;
}

export type { Failure, ImportEntry, ImportStatus, PastFailure, Reason, Report };
