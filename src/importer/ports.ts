/**
 * The edges of the importer: the upload folder, the database, and the clock, as the story of an import sees them.
 * The adapters are `src/inbox/` and `src/postgres/`; tests use the real ones wherever they can.
 */
import type { Batch } from "./csv/batch.ts";
import type { FoundProblems } from "./checks/check.ts";
import type { Roster } from "./csv/roster.ts";
import type { PossibleDuplicate } from "./digests/duplicate_filter.ts";
import type { UnchangedCache } from "./digests/unchanged_cache.ts";
import type { Decision, Hold } from "../domain/decision.ts";
import type { ImportMailKind } from "../domain/mail.ts";
import type { Settings } from "../domain/settings.ts";
import type {
  Change,
  CodedText,
  Counts,
  Failure,
  ImportStatus,
  MailState,
  Reason,
  Report,
  Stage,
  Warning,
} from "../domain/outcome.ts";

/** A roster file that stands open; everything is read through this one handle, so that a rename cannot swap it. */
export interface RosterFile {
  /** The name it was uploaded under. Data: escape it wherever it is shown. */
  readonly name: string;
  /** Size in bytes at the time it was opened. */
  readonly size: number;
  /**
   * The bytes from the beginning, in chunks of at most 256 KiB. May be called again; one reader at a time.
   * Chunks may be parts of `into`, where it is given: then each is valid until the next one is asked for, and none is left
   * for the collector.
   */
  read(into?: Uint8Array): AsyncGenerator<Uint8Array>;
  /** True when size, mtime or inode of the open file differ from what they were when it was opened. */
  changed(): Promise<boolean>;
  close(): Promise<void>;
}

/** An upload in `UPLOAD/.rosterd/`: it stays there until its import is over, also across restarts. */
export interface ClaimedUpload {
  /** Names the taken file in the database: the folder `.rosterd/KEY/` in which it stands. */
  readonly key: string;
  /** The name it was uploaded under. */
  readonly name: string;
  /** Modification time in milliseconds since 1970, by the file server's clock: the order of imports. */
  readonly mtime: number;
  readonly size: number;
}

/** An upload that a turn may take now. */
export interface ReadyUpload {
  readonly name: string;
  readonly mtime: number;
  readonly size: number;
}

/** Something in the folder that is not imported now, and why, for status and log. */
export interface WaitingFile extends CodedText {
  name: string;
}

/** What one look at the upload folder found. */
export interface FolderScan {
  /** Settled uploads, oldest first, then by name. */
  ready: ReadyUpload[];
  /** Uploads that rosterd took earlier and that stand in `.rosterd/`, in the same order. */
  claimed: ClaimedUpload[];
  /** Uploads that went to `bak` and are not forgotten yet. */
  moved: ClaimedUpload[];
  waiting: WaitingFile[];
  /** Names that are left alone because of their ending. */
  ignored: string[];
}

/** What is seen in a folder that cannot be looked at. */
export function emptyScan(): FolderScan {
  return { ready: [], claimed: [], moved: [], waiting: [], ignored: [] };
}

/** The folder itself cannot be used (missing, `bak` is a link, not writable …): nothing is imported. */
export class UnusableFolder extends Error {
  override readonly name = "UnusableFolder";
  /** `what` is wrong, and what mends it: two parts of one sentence. */
  constructor(readonly code: string, readonly what: string, readonly fix: string) {
    super(`${what}: ${fix}.`);
  }
}

/** The upload folder. Nothing outside it is read, written or removed. */
export interface Inbox {
  /** Removes what an earlier process left half-made; at the first call, and again only if that failed. Touches no upload. */
  tidy(): Promise<void>;
  /** Renames an upload into `.rosterd/`. Null when it vanished or was replaced since the look. */
  claim(upload: ReadyUpload): Promise<ClaimedUpload | null>;
  /** Opens a taken upload for reading. Null when somebody removed it. */
  open(upload: ClaimedUpload): Promise<RosterFile | null>;
  /** Makes a taken upload wait until it has settled anew, because it changed while it was read. */
  requireResettle(upload: ClaimedUpload): void;
  /**
   * Writes the failed records beside the upload in `bak`, whole or not at all, mode 0640; returns the name they got. Repeatable
   * after a crash.
   */
  keepFailed(
    upload: ClaimedUpload,
    startedAt: Date,
    write: (sink: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  ): Promise<string>;
  /**
   * Moves a taken upload to `bak` under its dated name and returns that name; null when somebody removed it. Repeatable after a
   * crash.
   */
  moveToBak(upload: ClaimedUpload, startedAt: Date): Promise<string | null>;
  /** Whether nothing of somebody else stands in `.rosterd/KEY/` any more. */
  isGone(key: string): Promise<boolean>;
  /** Removes what is left of a taken upload in `.rosterd/KEY/`; called when the history knows where it went. */
  forget(upload: ClaimedUpload): Promise<void>;
}

/** One entry of the history, as `GET /imports/{id}` shows it. */
export interface ImportEntry extends Omit<Report, "failures"> {
  id: number;
  sha256: string | null;
  bytes: number | null;
  encoding: string | null;
  delimiter: string | null;
  started_at: string;
  finished_at: string | null;
  undone_at: string | null;
  bak_file: string | null;
  /** The failed records beside it in `bak`. */
  failed_file: string | null;
  mail: MailState;
  /** The users it held, if any. */
  hold: Hold | null;
  /** What people decided about it, in the order of time. */
  decisions: Decision[];
  /** The settings it used, secrets masked. */
  settings: Settings;
}

/** Where a running import is. */
export interface Progress {
  stage: Stage;
  bytes: number;
  total_bytes: number;
  records: number;
}

/** What is known of a file as far as it was read; kept with its import. */
export interface Facts {
  bytes: number;
  sha256: string | null;
  encoding: string | null;
  delimiter: string | null;
  records: number;
}

/** Whether the record at a position of a batch is wanted. */
export type IsWanted = (batch: Batch, record: number) => boolean;

/** Users whose records are to be written again; or everybody's. */
export type RestageUsers = ReadonlySet<string> | "everybody";

/** What was decided over the whole file. */
export interface PlanSummary {
  /** Why users who are missing are not archived, and the like. */
  warnings: Warning[];
  /** Why those who would lose `active` are held; null: they are not. */
  hold: string | null;
}

/** The history of imports as the transaction of one sees it. */
export interface EarlierImports {
  /**
   * The latest other import of a file with these bytes that was applied and not undone, if another file was applied after it;
   * otherwise null.
   */
  earlierWithSameContent(sha256: string): Promise<{ id: number; startedAt: Date } | null>;
}

/** The transaction of one import: all of it becomes visible, or none. Each step answers with the one that comes next. */
export interface ImportTransaction extends EarlierImports {
  /** Makes the tables of an import and loads the unchanged-record cache. `bytes`: the length of the roster's text. */
  stage(importId: number, roster: Roster, settings: Settings, bytes: number): Promise<Staging<PlannedImport>>;
}

/** A transaction of which nothing remains. */
export interface DryRun extends EarlierImports {
  /** Makes the tables of an import. */
  stage(roster: Roster, settings: Settings): Promise<Staging<DryRunPlan>>;
}

/** The records of one file on their way into the database. */
export interface Staging<Planned> {
  /** Skips records that would change nothing; null: every record is to be read. */
  readonly cache: UnchangedCache | null;
  /**
   * Adds the records of a checked batch; those with problems are kept with them. `suspected`: which records have a value that may
   * have stood in an earlier one, 1 or 0 each.
   */
  write(batch: Batch, problems: FoundProblems, suspected: Uint8Array): Promise<void>;
  /**
   * Ends the stream; all records have arrived when it resolves. `suspects` null: any value may stand twice. `repeated`: users of
   * whom a record was skipped before another one came.
   */
  end(
    suspects: readonly PossibleDuplicate[] | null,
    repeated: ReadonlySet<string>,
  ): Promise<Staged<Planned> | Restaging<Planned>>;
}

/** Waits for all records of some users, which are to be written once more. */
export interface Restaging<Planned> {
  readonly again: RestageUsers;
  /** Adds the records of a checked batch that are wanted, by their position in it. */
  write(batch: Batch, problems: FoundProblems, isWanted: IsWanted): Promise<void>;
  end(): Promise<Staged<Planned>>;
}

/** All records are in the database. */
export interface Staged<Planned> {
  readonly again: null;
  /** Decides what each record would do, without doing it: repetitions, changes, taken values (contract, sections 2 and 3). */
  plan(): Promise<Planned>;
}

export interface PlannedImport {
  /** Does what was planned, made anew as often as users change meanwhile. */
  apply(): Promise<AppliedImport>;
}

export interface AppliedImport {
  /** What became of the records. */
  readonly counts: Counts;
  /** The one that held in the end. */
  readonly judgement: PlanSummary;
  /** Ends the history entry of the import, with its failures and the mail that is owed. */
  record(done: DoneImport): Promise<void>;
}

/** What an import would do. */
export interface DryRunPlan {
  readonly judgement: PlanSummary;
  counts(): Promise<Counts>;
  /** The first failures, in the order of their lines. */
  failures(limit: number): Promise<Failure[]>;
  /** The first users that would change. */
  changes(limit: number): Promise<Change[]>;
}

/** What the history keeps of an import that was applied. */
export interface DoneImport {
  status: ImportStatus;
  counts: Counts;
  facts: Facts;
  warnings: readonly Warning[];
  /** Why users are held; null: nobody is. */
  hold: string | null;
  mail: MailOwed;
  finishedAt: Date;
}

/** The mail that an import owes: its kind, none, or a kind that nobody can be sent because mail is not set up. */
export type MailOwed =
  | { state: "none" | "not_configured" }
  | { state: "waiting"; kind: ImportMailKind; sender: string };

/** How to wait for another import. */
export interface WaitOptions {
  signal: AbortSignal;
  onWait?: () => void;
}

/** The history of imports, as the story of an import writes it. */
export interface ImportStore {
  /** Begins an import, or takes up the one of that key again unless it is over; see `status`. */
  begin(
    entry: { file: string; takenKey: string | null; settings: Settings; startedAt: Date; bytes: number },
  ): Promise<ImportEntry>;
  /**
   * Runs `work` in a transaction on a connection of its own, as the only import of this database: while another one runs, it
   * waits and says so once.
   */
  transaction<T>(work: (transaction: ImportTransaction) => Promise<T>, waiting: WaitOptions): Promise<T>;
  /** The same, but nothing of it remains; for `check`. Needs no lock and no schema. */
  dryRun<T>(work: (rehearsal: DryRun) => Promise<T>): Promise<T>;
  /** Ends an import with a verdict over the whole file. */
  reject(importId: number, reason: Reason, facts: Facts, mail: MailOwed, finishedAt: Date): Promise<void>;
  /** Notes why an import could not be done; it stays to be tried again. */
  postpone(importId: number, reason: Reason): Promise<void>;
  /** The import as it stands, or null. */
  find(importId: number): Promise<ImportEntry | null>;
  /** Its failures in the order of lines, a page at a time. A page is valid until the next one is asked for. */
  failures(importId: number): AsyncGenerator<Failure[]>;
  /** The imports of taken uploads with these keys, and all others whose uploads have not got to `bak` yet. */
  unfinished(keys: readonly string[]): Promise<{ key: string; entry: ImportEntry }[]>;
  /** Marks under which name the failed records stand in `bak`. */
  markKept(importId: number, failedFile: string): Promise<void>;
  /** Marks under which name the file stands in `bak`: from then on its mail may go. */
  markMoved(importId: number, bakFile: string): Promise<void>;
  /**
   * Marks that the file is gone, so that nobody waits for it: an import that was not applied ends as an error with this reason, to
   * another the reason is added as a warning.
   */
  endWithoutFile(importId: number, reason: Reason, at: Date): Promise<void>;
}

export type { Change, Counts, Failure, ImportStatus, MailState, Reason, Report, Settings, Warning };
