/** The functions of the program that the HTTP interface uses. `tests/http` has a fake implementation. */
import type { z } from "@hono/zod-openapi";
import type { Day, DaysQuery } from "../domain/day.ts";
import type { Finding } from "../domain/finding.ts";
import type { MissingRoster, Replayed } from "../domain/missing_roster.ts";
import type {
  ChangePage,
  ChangeQuery,
  CodedText,
  ImportQuery,
  LastingFailures,
  LastingQuery,
} from "../domain/outcome.ts";
import type { Erased } from "../domain/erasure.ts";
import type { Approved, Discarded, HeldPage, Undone } from "../domain/decision.ts";
import type { SettingsHistoryPage, StoredSettings } from "../domain/stored_settings.ts";
import type { User, UserPage, UserQuery } from "../domain/user.ts";
import type { ImportEntry, PastFailure } from "../importer/ports.ts";
import type { CheckReport } from "../importer/report.ts";
import type { Metric } from "./metrics.ts";
import type { readiness, statusDocument } from "./schemas.ts";

/**
 * The settings file. `by` names the user who changes the settings. Changes throw InvalidSettings, or SettingsChanged if
 * `ifMatch` does not match. Every method may throw BrokenSettingsFile.
 */
export interface SettingsService {
  read(): Promise<StoredSettings>;
  patch(mergePatch: unknown, ifMatch: string | undefined, by: string): Promise<StoredSettings>;
  replace(document: unknown, ifMatch: string | undefined, by: string): Promise<StoredSettings>;
  /** The changes with an id below `before`, newest first, with secrets masked. */
  history(limit: number, before?: number): Promise<SettingsHistoryPage>;
}

export interface DetailQuery<Place> {
  /** The maximum number of entries, from 1 to 1,000. */
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
  /** The records that have failed for several nights, longest first. */
  failing(query: LastingQuery): Promise<LastingFailures>;
  failures(id: number, query: DetailQuery<number>): Promise<{ failures: PastFailure[]; next: number | null } | null>;
  /** The users that the import held, ordered by unique_id, or the columns of its held file. */
  held(id: number, query: DetailQuery<string>): Promise<HeldPage | null>;
  /** The users that the import created, changed or held, ordered by unique_id. */
  changes(id: number, query: ChangeQuery): Promise<ChangePage | null>;
  /** The users that the import created, changed or held, as CSV. `gone` says why these users are no longer known. */
  changesFile(id: number): Promise<Download | { gone: string } | null>;
  /** The failed-records file in `bak`. `gone` says why the file does not exist. */
  failedFile(id: number): Promise<Download | { gone: string } | null>;
  /** The imported file in `bak`, exactly as uploaded. */
  rosterFile(id: number): Promise<Download | { gone: string } | null>;
}

export interface Download {
  name: string;
  stream: ReadableStream<Uint8Array>;
  /** The size of the stream in bytes; null if the file is created while it is sent. */
  size: number | null;
  /** Whether the stream contains the file compressed with gzip. */
  isPacked?: boolean;
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
  /** Returns null for an unknown user. */
  get(uniqueId: string): Promise<User | null>;
  /**
   * Erases a user. Returns null for an unknown user. Throws CannotDecide for a user with access or an active permit.
   * The signal ends the wait for imports and other programs. `by` names the user who requests the erasure.
   */
  erase(uniqueId: string, signal: AbortSignal, by: string): Promise<Erased | null>;
}

export type StatusDocument = z.output<typeof statusDocument>;

/** Every client can read the health status, so its messages contain no path, host or user. */
export type Readiness = z.output<typeof readiness>;

/** Every method may throw {@link Busy} or {@link DatabaseUnreachable}. */
export interface Service {
  readonly settings: SettingsService;
  readonly imports: ImportHistory;
  readonly decisions: Decisions;
  readonly users: Users;
  /** Sends a test email now. `text` describes the result. */
  testMail(signal: AbortSignal): Promise<{ sent: boolean; text: string }>;
  /**
   * Requests a scan of the folder. With `wait`, waits for a turn that began after the call, and resolves to the imports
   * of that turn. Without `wait`, resolves at once to an empty list. The signal ends the wait but not the turn. Throws
   * {@link Paused}.
   */
  turn(wait: boolean, signal: AbortSignal): Promise<ImportEntry[]>;
  /**
   * Stores a file as an upload of the feed and requests a turn. With `wait`, waits for the end of the turn and resolves
   * to the import, or to null if the import has to be retried. Throws {@link Paused}, {@link OnStandby}, {@link
   * NotAnUpload}, {@link FolderUnusable} and UnknownFeed.
   */
  upload(file: ReceivedFile, wait: boolean, signal: AbortSignal): Promise<ImportEntry | null>;
  /** Imports the rosters in `bak` that the database does not know, or only lists them. An import requests a turn. */
  replay(request: ReplayRequest): Promise<Replayed>;
  /** Marks all missing rosters as known. */
  dismissMissing(by: string): Promise<MissingRoster[]>;
  status(): Promise<StatusDocument>;
  metrics(): readonly Metric[];
  readiness(): Promise<Readiness>;
  doctor(signal: AbortSignal): Promise<Finding[]>;
  /** Reports the effects that an import of the file into the feed would have. */
  check(name: string, body: ReadableStream<Uint8Array>, signal: AbortSignal, feed: string): Promise<CheckReport>;
}

export interface ReplayRequest {
  /** Selects rosters that were imported at this time or later. */
  since: Date | null;
  isDryRun: boolean;
  /** The name of the user who sends the request. */
  by: string;
}

/** Thrown if another instance is the leader and must handle the request. */
export class OnStandby extends Error {
  override readonly name = "OnStandby";
  constructor() {
    super("this instance is on standby: send the request to the instance that imports");
  }
}

export interface ReceivedFile {
  feed: string;
  name: string;
  body: ReadableStream<Uint8Array>;
  /** The name of the user who uploads the file. */
  by: string;
}

/** Thrown if the name is not a valid upload name, so the file would never be imported. */
export class NotAnUpload extends Error {
  override readonly name = "NotAnUpload";
  constructor() {
    super("must end in .csv, .tsv or .txt, optionally followed by .gz, and must not begin with a dot");
  }
}

/** Thrown if a feed's folder cannot accept an upload. The message contains no path. */
export class FolderUnusable extends Error {
  override readonly name = "FolderUnusable";
  constructor(readonly code: string) {
    super("the upload folder cannot be used: see the status");
  }
}

/** Thrown while an import uses the embedded database, which serves one client at a time. The caller can retry later. */
export class Busy extends Error {
  override readonly name = "Busy";
  constructor(readonly retryAfterSeconds = 5) {
    super("the embedded database is busy with an import: try again in a few seconds");
  }
}

/** Thrown if the feed, or every feed, is paused. The message says when the pause ends. */
export class Paused extends Error {
  override readonly name = "Paused";
  constructor(readonly until: Date) {
    super(`imports are paused until ${until.toISOString()} by the setting paused_until`);
  }
}

/** Thrown if the turn that the caller waited for has failed or is making no progress. */
export class TurnFailed extends Error {
  override readonly name = "TurnFailed";
  constructor(readonly problem: CodedText) {
    super(problem.text);
  }
}

/** Thrown if the database is unavailable. The message gives the reason, without the name of a host or user. */
export class DatabaseUnreachable extends Error {
  override readonly name = "DatabaseAway";
  constructor(message: string, readonly retryAfterSeconds = 10) {
    super(message);
  }
}
