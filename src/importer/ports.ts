/** The edges of the importer: the upload folder and the database. The adapters are `src/inbox/` and `src/postgres/`. */
import type { Batch } from "./csv/batch.ts";
import type { FoundProblems } from "./checks/check.ts";
import type { Findings } from "./checks/findings.ts";
import type { Roster } from "./csv/roster.ts";
import type { PossibleDuplicate } from "./digests/duplicate_filter.ts";
import type { UnchangedCache } from "./digests/unchanged_cache.ts";
import type { ImportMailKind } from "../domain/mail.ts";
import type { Settings } from "../domain/settings.ts";
import type {
  Change,
  CodedText,
  Counts,
  Failure,
  ImportEntry,
  ImportStatus,
  KeptValue,
  Reason,
  Report,
  Stage,
  StoredRecord,
  Warning,
} from "../domain/outcome.ts";

/** An open roster; everything is read through this one handle, so that a rename cannot swap the file. */
export interface RosterFile {
  /** The name it was uploaded under. Escape it wherever it is shown. */
  readonly name: string;
  /** Size in bytes at the time it was opened. */
  readonly size: number;
  /**
   * The bytes from the beginning, in chunks of at most 256 KiB. Can be called again; one reader at a time. Chunks may be parts
   * of `into`: then each is valid only until the next one is requested.
   */
  read(into?: Uint8Array): AsyncGenerator<Uint8Array>;
  /** True when size, mtime or inode of the open file differ from what they were when it was opened. */
  changed(): Promise<boolean>;
  close(): Promise<void>;
}

/** An upload that a turn may claim now. */
export interface ReadyUpload {
  /** The name it was uploaded under. */
  readonly name: string;
  /** Modification time in milliseconds since 1970, by the file server's clock: the order of imports. */
  readonly mtime: number;
  readonly size: number;
}

/** An upload in `UPLOAD/.rosterd/`, where it stays until its import is over. */
export interface ClaimedUpload extends ReadyUpload {
  /** Identifies the upload in the database; its folder is `.rosterd/KEY/`. */
  readonly key: string;
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
  /** Uploads that are in `bak` and not yet forgotten. */
  moved: ClaimedUpload[];
  /** Oldest first; before them those whose age is not known. */
  waiting: WaitingFile[];
  /** Names with an ending that rosterd does not import. */
  ignored: string[];
}

export function emptyScan(): FolderScan {
  return { ready: [], claimed: [], moved: [], waiting: [], ignored: [] };
}

/** The database's role may not do what an import needs. The message names the right and the statement that grants it. */
export class MissingRight extends Error {
  override readonly name = "MissingRight";
  readonly code = "42501";
}

/** The upload folder cannot be used, because it is missing or not writable, for example. Nothing is imported. */
export class UnusableFolder extends Error {
  override readonly name = "UnusableFolder";
  /** `what` is wrong and its `fix` are two parts of one sentence. */
  constructor(readonly code: string, readonly what: string, readonly fix: string) {
    super(`${what}: ${fix}.`);
  }
}

/** The upload folder. Nothing outside it is read, written or removed. */
export interface Inbox {
  /** Removes what an earlier process left unfinished, once. Touches no upload. */
  tidy(): Promise<void>;
  /** Renames an upload into `.rosterd/`. Null if it vanished or was replaced since the scan. */
  claim(upload: ReadyUpload): Promise<ClaimedUpload | null>;
  /** Opens a claimed upload for reading. Null if another program removed it. */
  open(upload: ClaimedUpload): Promise<RosterFile | null>;
  /** Makes a claimed upload wait until it has settled again, because it changed while it was being read. */
  requireResettle(upload: ClaimedUpload): void;
  /** Writes the failed records to `bak`, whole or not at all, and returns the file's name. May be repeated. */
  keepFailed(
    upload: ClaimedUpload,
    startedAt: Date,
    write: (sink: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  ): Promise<string>;
  /** Moves an upload to `bak`, and returns its name; null if it was removed. May be repeated. */
  moveToBak(upload: ClaimedUpload, startedAt: Date): Promise<string | null>;
  /** Whether `.rosterd/KEY/` no longer contains a file of another program. */
  isGone(key: string): Promise<boolean>;
  /** Removes what is left in `.rosterd/KEY/`; called when the history has the upload's place in `bak`. */
  forget(upload: ClaimedUpload): Promise<void>;
}

export interface Progress {
  stage: Stage;
  bytes: number;
  total_bytes: number;
  records: number;
}

/** What an import found out about its file; kept in the history. */
export interface Facts {
  bytes: number;
  sha256: string | null;
  encoding: string | null;
  delimiter: string | null;
  records: number;
}

export type IsWanted = (batch: Batch, record: number) => boolean;

/** Users whose records are staged again, or all of them. */
export type RestageUsers = ReadonlySet<string> | "all";

export interface PlanSummary {
  /** For example, why missing users are not archived. */
  warnings: Warning[];
  /** Why users who would lose `active` are put on hold; null if they are not. */
  hold: string | null;
}

export interface EarlierImports {
  /** The latest applied import of the same bytes, unless it is undone or no other file was applied after it. */
  earlierWithSameContent(sha256: string): Promise<{ id: number; startedAt: Date } | null>;
}

/** The transaction of one import. Each step returns the next one. */
export interface ImportTransaction extends EarlierImports {
  /** Creates the tables of an import and loads the unchanged-record cache. `bytes` is the length of the roster's text. */
  stage(importId: number, roster: Roster, settings: Settings, bytes: number): Promise<Staging<PlannedImport>>;
}

/** A transaction that is rolled back. */
export interface DryRun extends EarlierImports {
  stage(roster: Roster, settings: Settings): Promise<Staging<DryRunPlan>>;
}

export interface Staging<Planned> {
  /** Skips records that would change nothing; null if every record must be read. */
  readonly cache: UnchangedCache | null;
  /**
   * Adds the records of a checked batch with their problems. `possibleDuplicate` is 1 for each record with a value that an
   * earlier record may have, otherwise 0.
   */
  write(batch: Batch, problems: FoundProblems, possibleDuplicate: Uint8Array): Promise<void>;
  /**
   * Ends the stream; all records have arrived when it resolves. `possibleDuplicates` is null if any value may be repeated.
   * `repeated` are the users with a skipped record and a later one.
   */
  end(
    possibleDuplicates: readonly PossibleDuplicate[] | null,
    repeated: ReadonlySet<string>,
  ): Promise<Staged<Planned> | Restaging<Planned>>;
}

/** Stages all records of some users again. */
export interface Restaging<Planned> {
  readonly users: RestageUsers;
  write(batch: Batch, problems: FoundProblems, isWanted: IsWanted): Promise<void>;
  end(): Promise<Staged<Planned>>;
}

export interface Staged<Planned> {
  /** No user needs restaging. */
  readonly users: null;
  /** Decides what each record would do: repeated ids, changes, taken values (docs/file-format.md#taken-values). */
  plan(findings: Findings): Promise<Planned>;
}

export interface PlannedImport {
  /** Applies the plan. Plans again whenever another program changes a planned user. */
  apply(): Promise<AppliedImport>;
}

export interface AppliedImport {
  readonly counts: Counts;
  /** Of the plan that was applied. */
  readonly summary: PlanSummary;
  /** Ends the history entry of the import, with its failures and the mail it owes. */
  record(done: DoneImport): Promise<void>;
}

export interface DryRunPlan {
  readonly summary: PlanSummary;
  counts(): Promise<Counts>;
  failures(limit: number): Promise<Failure[]>;
  changes(limit: number): Promise<Change[]>;
  /** The first values that the database keeps, by `fill_only_columns`. */
  kept(limit: number): Promise<KeptValue[]>;
  /** The first records as they would be stored. */
  records(limit: number): Promise<StoredRecord[]>;
}

export interface DoneImport {
  status: ImportStatus;
  counts: Counts;
  facts: Facts;
  warnings: readonly Warning[];
  hold: string | null;
  mail: MailOwed;
  finishedAt: Date;
}

/** The mail that an import owes. "not_configured": mail is due but not set up. */
export type MailOwed =
  | { state: "none" | "not_configured" }
  | { state: "waiting"; kind: ImportMailKind; sender: string };

export interface WaitOptions {
  signal: AbortSignal;
  onWait?: () => void;
}

export interface ImportStore {
  /** Begins an import, or continues the one with that key; `status` says whether it is over already. */
  begin(
    entry: { file: string; claimKey: string | null; settings: Settings; startedAt: Date; bytes: number },
  ): Promise<ImportEntry>;
  /** Runs `work` in a transaction as the database's only import. Calls `onWait` once if another one runs. */
  transaction<T>(work: (transaction: ImportTransaction) => Promise<T>, waiting: WaitOptions): Promise<T>;
  /** Runs `work` in a transaction that is rolled back. Needs no lock and no schema. */
  dryRun<T>(work: (dryRun: DryRun) => Promise<T>): Promise<T>;
  reject(importId: number, reason: Reason, facts: Facts, mail: MailOwed, finishedAt: Date): Promise<void>;
  /** Notes why an import could not be done; it will be retried. */
  postpone(importId: number, reason: Reason): Promise<void>;
  find(importId: number): Promise<ImportEntry | null>;
  /** The failures in line order, a page at a time. A page is valid until the next one is requested. */
  failures(importId: number): AsyncGenerator<Failure[]>;
  /** The imports of the uploads with these keys, and all others whose uploads are not yet in `bak`. */
  unfinished(keys: readonly string[]): Promise<{ key: string; entry: ImportEntry }[]>;
  markKept(importId: number, failedFile: string): Promise<void>;
  /** Notes the name of the file in `bak`; its mail may be sent from then on. */
  markMoved(importId: number, bakFile: string): Promise<void>;
  /** Notes that the file is gone: an error for an import that was not applied, otherwise a warning. */
  endWithoutFile(importId: number, reason: Reason, at: Date): Promise<void>;
}

export type { Failure, ImportEntry, ImportStatus, Reason, Report };
