/** The ports of the importer: the upload folder and the database. `src/inbox/` and `src/postgres/` implement them. */
import type { Batch } from "./csv/batch.ts";
import type { FoundProblems } from "./checks/check.ts";
import type { Findings } from "./checks/findings.ts";
import type { Roster } from "./csv/roster.ts";
import type { PossibleDuplicate } from "./digests/duplicate_filter.ts";
import type { UnchangedCache } from "./digests/unchanged_cache.ts";
import type { UserSet } from "./digests/user_set.ts";
import type { Approved } from "../domain/decision.ts";
import type { ImportMailKind } from "../domain/mail.ts";
import type { Settings } from "../domain/settings.ts";
import type {
  Change,
  CodedText,
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

/** An open roster. All reads use the same handle, so replacing the file under its name has no effect. */
export interface RosterFile {
  /** The name it was uploaded under. Escape it wherever it is shown. */
  readonly name: string;
  /** Size in bytes when it was opened. */
  readonly size: number;
  /**
   * The bytes from the beginning, in chunks of at most 256 KiB. Can be called again, but supports one reader at a time.
   * Chunks may be views of `into`; if so, each is valid only until the next one is requested.
   */
  read(into?: Uint8Array): AsyncGenerator<Uint8Array>;
  /** Whether the size, mtime or inode of the open file has changed since it was opened. */
  changed(): Promise<boolean>;
  close(): Promise<void>;
}

/** An upload that a turn may claim now. */
export interface ReadyUpload {
  /** The name it was uploaded under. */
  readonly name: string;
  /** Modification time by the file server's clock, in milliseconds since 1970. Imports run in this order. */
  readonly mtime: number;
  readonly size: number;
}

/** An upload in `UPLOAD/.rosterd/`, where it stays until its import is finished. */
export interface ClaimedUpload extends ReadyUpload {
  /** Identifies the upload in the database; its folder is `.rosterd/KEY/`. */
  readonly key: string;
  /** Who uploaded it over HTTP; null if it came through the folder. */
  readonly by: string | null;
}

export interface WaitingFile extends CodedText {
  name: string;
  /** In milliseconds since 1970, if it is known. */
  mtime?: number;
}

export interface FolderScan {
  /** Settled uploads, oldest first, then by name. */
  ready: ReadyUpload[];
  /** Uploads in `.rosterd/`, in the same order. */
  claimed: ClaimedUpload[];
  /** Uploads that are already in `bak` but still have a folder in `.rosterd/`. */
  moved: ClaimedUpload[];
  /** Files of unknown age first, then oldest first. */
  waiting: WaitingFile[];
  /** Files with an extension that rosterd does not import, by name. */
  ignored: { name: string; mtime: number }[];
}

export function emptyScan(): FolderScan {
  return { ready: [], claimed: [], moved: [], waiting: [], ignored: [] };
}

/** The role lacks a right that an import needs. The message names it, and the statement that grants it. */
export class MissingRight extends Error {
  override readonly name = "MissingRight";
  readonly code = "42501";
}

/** The upload folder cannot be used, for example because it is missing or not writable. Nothing is imported. */
export class UnusableFolder extends Error {
  override readonly name = "UnusableFolder";
  /** `what` is the problem and `fix` the remedy: two parts of one sentence. */
  constructor(readonly code: string, readonly what: string, readonly fix: string) {
    super(`${what}: ${fix}.`);
  }
}

/** The upload folder. Implementations touch nothing outside it. */
export interface Inbox {
  /** Removes leftovers of an earlier process, on the first call only. Never touches an upload. */
  tidy(): Promise<void>;
  /** Renames an upload into `.rosterd/`. Null if it vanished or was replaced since the scan. */
  claim(upload: ReadyUpload): Promise<ClaimedUpload | null>;
  /** Opens a claimed upload for reading. Null if another program removed it. */
  open(upload: ClaimedUpload): Promise<RosterFile | null>;
  /** Opens an upload that was moved to `bak`. Null if it is no longer there. */
  openMoved(upload: ClaimedUpload): Promise<RosterFile | null>;
  /** Makes `.rosterd/KEY/` for a file that is already in `bak`, as if it had just been moved there. Idempotent. */
  adopt(upload: ClaimedUpload, bakName: string): Promise<void>;
  /** Makes a claimed upload that changed while being read wait until it has settled again. */
  requireResettle(upload: ClaimedUpload): void;
  /** Writes the failed records to `bak` atomically and returns the file's name. Idempotent. */
  keepFailed(
    upload: ClaimedUpload,
    startedAt: Date,
    write: (sink: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  ): Promise<string>;
  /** Moves an upload to `bak` and returns its name there, or null if it was removed. Idempotent. */
  moveToBak(upload: ClaimedUpload, startedAt: Date): Promise<string | null>;
  /** Whether `.rosterd/KEY/` no longer contains a file written by another program. */
  isGone(key: string): Promise<boolean>;
  /** Removes the rest of `.rosterd/KEY/`. Call it when the history has recorded the upload's name in `bak`. */
  forget(upload: ClaimedUpload): Promise<void>;
}

export interface Progress {
  stage: Stage;
  bytes: number;
  total_bytes: number;
  records: number;
}

/** What an import learned about its file. Stored in the history. */
export interface Facts {
  bytes: number;
  sha256: string | null;
  encoding: string | null;
  delimiter: string | null;
  records: number;
}

export type IsWanted = (batch: Batch, record: number) => boolean;

export interface PlanSummary {
  /** For example, why missing users are not archived. */
  warnings: Warning[];
  /** Why users who would lose `active` are put on hold; null if none are. */
  hold: string | null;
  /** Why the whole file is put on hold; null if it is not. */
  changes: HeldChanges | null;
}

/** A feed, and the settings for its files. */
export interface FeedSettings {
  /** "" for the upload folder itself. */
  feed: string;
  settings: Settings;
}

/** How to read a file. */
export interface StageOptions extends FeedSettings {
  /** The columns that an admin has approved for this file, whatever the change guard says. */
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
   * The latest applied import of the same bytes in a feed that has not been undone; null if no other file of the feed
   * has been applied since.
   */
  earlierWithSameContent(feed: string, sha256: string): Promise<{ id: number; startedAt: Date } | null>;
}

/** The transaction of one import. Each step returns an object for the next one. */
export interface ImportTransaction extends EarlierImports {
  /**
   * Prepares the temporary tables of an import and loads the unchanged-record cache. `bytes` is the length of the
   * roster's text.
   */
  stage(importId: number, roster: Roster, of: StageOptions, bytes: number): Promise<Staging<PlannedImport>>;
  /** Like a dry run, but its result is kept. Changes no user. */
  trial(importId: number, roster: Roster, of: FeedSettings): Promise<Staging<PlannedTrial>>;
  /**
   * Begins the import of a held file. Its entry becomes visible only if the file is applied. Throws CannotDecide if the
   * hold is over.
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
  /** Lets the reader skip records that would change nothing; null if every record must be read. */
  readonly cache: UnchangedCache | null;
  /**
   * Adds the records of a checked batch with their problems. `possibleDuplicate` is 1 for each record that may share a
   * unique value with an earlier record, otherwise 0.
   */
  write(batch: Batch, problems: FoundProblems, possibleDuplicate: Uint8Array): Promise<void>;
  /**
   * Adds possible duplicates among the records written so far. `repeated`: users with both a skipped record and another
   * one.
   */
  note(possibleDuplicates: readonly PossibleDuplicate[], repeated: readonly string[]): Promise<void>;
  /** Like `note`, for the last time. Ends the COPY stream; once it resolves, all records are staged. */
  end(
    possibleDuplicates: readonly PossibleDuplicate[],
    repeated: readonly string[],
  ): Promise<Staged<Planned> | Restaging<Planned>>;
}

/** Stages all records of some users again. */
export interface Restaging<Planned> {
  readonly users: UserSet;
  write(batch: Batch, problems: FoundProblems, isWanted: IsWanted): Promise<void>;
  end(): Promise<Staged<Planned>>;
}

export interface Staged<Planned> {
  /** Null: no user needs restaging. */
  readonly users: null;
  /** Works out what each record would do: repeated ids, changes, taken values (docs/file-format.md#taken-values). */
  plan(findings: Findings): Promise<Planned>;
}

export interface PlannedImport {
  /** Applies the plan, unless the file is put on hold. Plans again if another program changes a user in the plan. */
  apply(): Promise<AppliedImport | HeldPlan>;
}

/** A plan of which nothing was applied, because the change guard holds the file. */
export interface HeldPlan {
  readonly held: HeldChanges;
  readonly warnings: readonly Warning[];
}

/** How the failures of an import compare with those of the feed's earlier imports. */
export interface FailureNews extends Pick<ImportEntry, "failed_new" | "failed_fixed"> {
  /** Whether the feed has failures, of this import or of an earlier one. */
  open: boolean;
  /** When the last import began whose mail told of failures. */
  toldAt: Date | null;
}

/** Keeps the failures. Call it once, before `record`. */
type KeepFailures = (counts: Counts) => Promise<FailureNews>;

export interface PlannedTrial {
  readonly summary: PlanSummary;
  counts(): Promise<Counts>;
  keepFailures: KeepFailures;
  /** Completes the history entry, with what would change, and the mail to send. */
  record(done: DoneImport): Promise<ImportEntry>;
}

export interface AppliedImport {
  readonly counts: Counts;
  /** Describes the plan that was actually applied. */
  readonly summary: PlanSummary;
  keepFailures: KeepFailures;
  /** Completes the history entry of the import, with the mail to send. Returns the entry. */
  record(done: DoneImport): Promise<ImportEntry>;
}

export interface DryRunPlan {
  readonly summary: PlanSummary;
  counts(): Promise<Counts>;
  failures(limit: number): Promise<Failure[]>;
  changes(limit: number): Promise<Change[]>;
  /** The first values in the database that `fill_only_columns` protects from being replaced. */
  kept(limit: number): Promise<KeptValue[]>;
  /** The first records as they would be stored. */
  records(limit: number): Promise<StoredRecord[]>;
}

export interface DoneImport {
  status: ImportStatus;
  counts: Counts;
  news: FailureNews;
  facts: Facts;
  warnings: readonly Warning[];
  hold: string | null;
  mail: MailOwed;
  finishedAt: Date;
}

/** The mail to send for an import. "not_configured": mail is due, but no mail server is set up. */
export type MailOwed =
  | { state: "none" | "not_configured" }
  | { state: "waiting"; kind: ImportMailKind; sender: string };

export interface WaitOptions {
  signal: AbortSignal;
  onWait?: () => void;
}

export interface ImportStore {
  /** Begins an import, or continues the one with that key. Its `status` shows whether it has already finished. */
  begin(
    entry: FeedSettings & {
      file: string;
      claimKey: string | null;
      /** Who uploaded the file over HTTP, or runs the command; null if it came through the folder. */
      by: string | null;
      startedAt: Date;
      bytes: number;
    },
  ): Promise<ImportEntry>;
  /**
   * Runs `work` in a transaction as the only import in the database. Calls `onWait` once if it has to wait for another.
   */
  transaction<T>(work: (transaction: ImportTransaction) => Promise<T>, waiting: WaitOptions): Promise<T>;
  /** Runs `work` in a transaction that is rolled back. Needs no lock and no schema. */
  dryRun<T>(work: (dryRun: DryRun) => Promise<T>): Promise<T>;
  reject(importId: number, reason: Reason, facts: Facts, mail: MailOwed, finishedAt: Date): Promise<void>;
  /** Records that the change guard holds the file. None of it was applied. */
  holdFile(importId: number, plan: HeldPlan, facts: Facts, mail: MailOwed, finishedAt: Date): Promise<void>;
  /** Records what an approval found: other columns would now change for too many users, too. */
  holdMore(importId: number, held: HeldChanges): Promise<void>;
  /** Records why an import could not be done. It will be retried. */
  postpone(importId: number, reason: Reason): Promise<void>;
  find(importId: number): Promise<ImportEntry | null>;
  /** The import of the claimed upload with this key; null if it never began. */
  findClaimed(claimKey: string): Promise<ImportEntry | null>;
  /** The failures in line order, a page at a time. A page is valid until the next one is requested. */
  failures(importId: number): AsyncGenerator<PastFailure[]>;
  /**
   * The imports of the feed's uploads with these keys, and all other imports of the feed whose uploads are not yet in
   * `bak`.
   */
  unfinished(feed: string, keys: readonly string[]): Promise<{ key: string; entry: ImportEntry }[]>;
  markKept(importId: number, failedFile: string): Promise<void>;
  /** Records the name of the file in `bak`. From then on, its mail may be sent. */
  markMoved(importId: number, bakFile: string): Promise<void>;
  /** Records that the file is gone: as an error if the import was not applied, otherwise as a warning. */
  endWithoutFile(importId: number, reason: Reason, at: Date): Promise<void>;
}

export type { Failure, ImportEntry, ImportStatus, PastFailure, Reason, Report };
