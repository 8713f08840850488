/**
 * What the HTTP interface asks of the program. `app.ts` implements it; the tests of this folder have one of their own.
 * Holds no logic.
 */
import type { z } from "@hono/zod-openapi";
import type { Finding } from "../domain/finding.ts";
import type { Approved, Discarded, HeldUser, Undone } from "../domain/decision.ts";
import type { SettingsHistoryPage, StoredSettings } from "../domain/stored_settings.ts";
import type { Failure, ImportEntry, ImportStatus } from "../importer/ports.ts";
import type { CheckReport } from "../importer/report.ts";
import type { Metric } from "./metrics.ts";
import type { readiness, statusDocument } from "./schemas.ts";

/**
 * The settings file. The changes throw InvalidSettings, or SettingsChanged when `ifMatch` does not hold; all calls may
 * throw BrokenSettingsFile.
 */
export interface SettingsService {
  read(): Promise<StoredSettings>;
  patch(mergePatch: unknown, ifMatch?: string): Promise<StoredSettings>;
  replace(document: unknown, ifMatch?: string): Promise<StoredSettings>;
  /** The changes with a smaller id than `before`, newest first, secrets masked. */
  history(limit: number, before?: number): Promise<SettingsHistoryPage>;
}

export interface ImportQuery {
  /** 1 to 200. */
  limit: number;
  /** Only imports with a smaller id. */
  before?: number;
  status?: ImportStatus;
}

export interface FailureQuery {
  /** 1 to 1,000. */
  limit: number;
  /** Only failures on a later line. */
  after?: number;
}

export interface HeldQuery {
  /** 1 to 1,000. */
  limit: number;
  /** Only users with a later unique_id. */
  after?: string;
}

/** Newest first. Null stands for an import that does not exist. */
export interface ImportHistory {
  list(query: ImportQuery): Promise<{ imports: ImportEntry[]; next: number | null }>;
  get(id: number): Promise<ImportEntry | null>;
  failures(id: number, query: FailureQuery): Promise<{ failures: Failure[]; next: number | null } | null>;
  /** The users whom the import held, in the order of unique_id. */
  held(id: number, query: HeldQuery): Promise<{ held: HeldUser[]; next: string | null } | null>;
  /** The file of failed records in `bak`; `gone` says why it cannot be had. */
  failedFile(id: number): Promise<FailedFile | { gone: string } | null>;
}

export interface FailedFile {
  name: string;
  /** In bytes. */
  size: number;
  stream: ReadableStream<Uint8Array>;
}

/**
 * What people decide about an import. Null stands for an import that does not exist; what cannot be throws a CannotDecide. The
 * signal ends the waiting for other imports and programs; a decision that was carried out stands. `by`: who decides.
 */
export interface Decisions {
  approve(id: number, signal: AbortSignal, by: string): Promise<Approved | null>;
  discard(id: number, signal: AbortSignal, by: string): Promise<Discarded | null>;
  undo(id: number, signal: AbortSignal, by: string): Promise<Undone | null>;
}

export type StatusDocument = z.output<typeof statusDocument>;

/** Shown to anybody who asks: the texts name no path, no host and no user. */
export type Readiness = z.output<typeof readiness>;

/** Every method may throw {@link Busy} or {@link DatabaseUnreachable}. */
export interface Service {
  readonly settings: SettingsService;
  readonly imports: ImportHistory;
  readonly decisions: Decisions;
  /** Sends one now and says how it went. */
  testMail(signal: AbortSignal): Promise<{ sent: boolean; text: string }>;
  /**
   * Asks for a look into the folder. With `wait`, the imports of a turn that began after the call, when that turn is
   * over; without, nothing, at once. The signal ends the waiting, never the turn.
   */
  turn(wait: boolean, signal: AbortSignal): Promise<ImportEntry[]>;
  status(): Promise<StatusDocument>;
  metrics(): readonly Metric[];
  readiness(): Promise<Readiness>;
  /** Looks at everything that the service needs, with its own eyes. */
  doctor(signal: AbortSignal): Promise<Finding[]>;
  /** What an import of the file would do: the document of `check --json`. */
  check(name: string, body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<CheckReport[]>;
}

/** The embedded database serves one at a time and an import has it: ask again later. */
export class Busy extends Error {
  override readonly name = "Busy";
  constructor(readonly retryAfterSeconds = 5) {
    super("the embedded database is busy with an import");
  }
}

/** The database cannot be used for now. The message says why, for people; it names no host and no user. */
export class DatabaseUnreachable extends Error {
  override readonly name = "DatabaseAway";
  constructor(message: string, readonly retryAfterSeconds = 10) {
    super(message);
  }
}
