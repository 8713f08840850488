/** What the HTTP interface needs from the program; `tests/http` has a fake. */
import type { z } from "@hono/zod-openapi";
import type { Day, DaysQuery } from "../domain/day.ts";
import type { Finding } from "../domain/finding.ts";
import type { MissingRoster, Replayed } from "../domain/missing_roster.ts";
import type { ChangePage, ChangeQuery, CodedText, ImportQuery } from "../domain/outcome.ts";
import type { Erased } from "../domain/erasure.ts";
import type { Approved, Discarded, HeldPage, Undone } from "../domain/decision.ts";
import type { SettingsHistoryPage, StoredSettings } from "../domain/stored_settings.ts";
import type { User, UserPage, UserQuery } from "../domain/user.ts";
import type { ImportEntry, PastFailure } from "../importer/ports.ts";
import type { CheckReport } from "../importer/report.ts";
import type { Metric } from "./metrics.ts";
import type { readiness, statusDocument } from "./schemas.ts";

/**
 * The settings file. `by` names who changes it. Changes throw InvalidSettings, or SettingsChanged if `ifMatch` does not
 * match. Every method may throw BrokenSettingsFile.
 */
export interface SettingsService {
  read(): Promise<StoredSettings>;
  patch(mergePatch: unknown, ifMatch: string | undefined, by: string): Promise<StoredSettings>;
  replace(document: unknown, ifMatch: string | undefined, by: string): Promise<StoredSettings>;
  /** Changes with an id below `before`, newest first, with masked secrets. */
  history(limit: number, before?: number): Promise<SettingsHistoryPage>;
}

export interface DetailQuery<Place> {
  /** 1 to 1,000. */
  limit: number;
  /** Lists only failures on a later line, or users with a later unique_id. */
  after?: Place;
}

/** The imports, newest first. A method returns null if the import does not exist. */
export interface ImportHistory {
  list(query: ImportQuery): Promise<{ imports: ImportEntry[]; next: number | null }>;
  get(id: number): Promise<ImportEntry | null>;
  /** The days with imports, oldest first. */
  days(query: DaysQuery): Promise<Day[]>;
  failures(id: number, query: DetailQuery<number>): Promise<{ failures: PastFailure[]; next: number | null } | null>;
  /** The users that the import held, ordered by unique_id, or the columns of its held file. */
  held(id: number, query: DetailQuery<string>): Promise<HeldPage | null>;
  /** The users that the import created, changed or held, ordered by unique_id. */
  changes(id: number, query: ChangeQuery): Promise<ChangePage | null>;
  /** All these users as CSV. `gone` says why they are no longer known. */
  changesFile(id: number): Promise<Download | { gone: string } | null>;
  /** The failed-records file in `bak`. `gone` says why the file does not exist. */
  failedFile(id: number): Promise<Download | { gone: string } | null>;
}

export interface Download {
  name: string;
  stream: ReadableStream<Uint8Array>;
  /** The size in bytes; null if the file is created while it is sent. */
  size: number | null;
}

/**
 * Decisions about an import. A method returns null if the import does not exist, and throws CannotDecide if the
 * decision is not possible. The signal ends the wait for other imports and programs, but does not revert a decision.
 * `by` names the user who decides.
 */
export interface Decisions {
  approve(id: number, signal: AbortSignal, by: string): Promise<Approved | null>;
  discard(id: number, signal: AbortSignal, by: string): Promise<Discarded | null>;
  undo(id: number, signal: AbortSignal, by: string): Promise<Undone | null>;
}

export interface Users {
  find(query: UserQuery): Promise<UserPage>;
  /** Null for an unknown user. */
  get(uniqueId: string): Promise<User | null>;
  /**
   * Null for an unknown user. Throws CannotDecide for a user with access or an active permit. The signal ends the wait
   * for imports and other programs. `by` names the user who erases.
   */
  erase(uniqueId: string, signal: AbortSignal, by: string): Promise<Erased | null>;
}

export type StatusDocument = z.output<typeof statusDocument>;

/** Readable by every client, so the texts name no path, host or user. */
export type Readiness = z.output<typeof readiness>;

/** Every method may throw {@link Busy} or {@link DatabaseUnreachable}. */
export interface Service {
  readonly settings: SettingsService;
  readonly imports: ImportHistory;
  readonly decisions: Decisions;
  readonly users: Users;
  /** Sends a test mail now. `text` describes the result. */
  testMail(signal: AbortSignal): Promise<{ sent: boolean; text: string }>;
  /**
   * Requests a scan of the folder. With `wait`, resolves with the imports of a turn that began after the call, once
   * that turn is over. Otherwise resolves at once with an empty list. The signal ends the wait, never the turn. Throws
   * {@link Paused}.
   */
  turn(wait: boolean, signal: AbortSignal): Promise<ImportEntry[]>;
  /**
   * Stores a file as an upload of the feed, and requests a turn. With `wait`, resolves to its import once that turn is
   * over, or to null if it has to be retried. Throws {@link Paused}, {@link NotAnUpload}, {@link FolderUnusable} and UnknownFeed.
   */
  upload(file: ReceivedFile, wait: boolean, signal: AbortSignal): Promise<ImportEntry | null>;
  /** Imports the rosters in `bak` that the database does not know, or only lists them. Requests a turn. */
  replay(request: ReplayRequest): Promise<Replayed>;
  /** Declares these rosters known. */
  dismissMissing(by: string): Promise<MissingRoster[]>;
  status(): Promise<StatusDocument>;
  metrics(): readonly Metric[];
  readiness(): Promise<Readiness>;
  doctor(signal: AbortSignal): Promise<Finding[]>;
  /** Reports what importing the file into the feed would do, as `check --json` does. */
  check(name: string, body: ReadableStream<Uint8Array>, signal: AbortSignal, feed: string): Promise<CheckReport[]>;
}

export interface ReplayRequest {
  /** Only rosters that were imported at this time or later. */
  since: Date | null;
  isDryRun: boolean;
  /** Names the user who asks. */
  by: string;
}

/** Another instance leads and does this. */
export class OnStandby extends Error {
  override readonly name = "OnStandby";
  constructor() {
    super("this instance is on standby: ask the one that imports");
  }
}

export interface ReceivedFile {
  feed: string;
  name: string;
  body: ReadableStream<Uint8Array>;
  /** Names the user who uploads it. */
  by: string;
}

/** No import picks up a file of this name. */
export class NotAnUpload extends Error {
  override readonly name = "NotAnUpload";
  constructor() {
    super("must end in .csv, .tsv or .txt, or in one of them and .gz, and must not begin with a dot");
  }
}

/** The folder of a feed cannot take an upload. The message names no path. */
export class FolderUnusable extends Error {
  override readonly name = "FolderUnusable";
  constructor(readonly code: string) {
    super("the upload folder cannot be used: see the status");
  }
}

/** An import is using the embedded database, which serves one client at a time. The caller can retry later. */
export class Busy extends Error {
  override readonly name = "Busy";
  constructor(readonly retryAfterSeconds = 5) {
    super("the embedded database is busy with an import: try again in a few seconds");
  }
}

/** The feed, or every feed, is paused. The message says until when. */
export class Paused extends Error {
  override readonly name = "Paused";
  constructor(readonly until: Date) {
    super(`imports are paused until ${until.toISOString()} by the setting paused_until`);
  }
}

/** The turn that the caller waited for failed, or is making no progress. */
export class TurnFailed extends Error {
  override readonly name = "TurnFailed";
  constructor(readonly problem: CodedText) {
    super(problem.text);
  }
}

/** The database is unavailable. The message says why, without naming a host or user. */
export class DatabaseUnreachable extends Error {
  override readonly name = "DatabaseAway";
  constructor(message: string, readonly retryAfterSeconds = 10) {
    super(message);
  }
}
