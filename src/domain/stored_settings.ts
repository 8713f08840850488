/** The settings file, its history, and the errors of reading and changing it. */
import type { Settings } from "./settings.ts";

/** Settings with their secrets. `etag` includes its quotes (RFC 9110, section 8.8.3). */
export interface StoredSettings {
  settings: Settings;
  etag: string;
}

/** `command`: by `rosterd settings set` or `map`; `file`: by hand, noticed when it was read. */
export const CHANGED_BY = ["http", "command", "file"] as const;
export type ChangedBy = typeof CHANGED_BY[number];

/** The values of a secret are masked. */
export interface ChangedKey {
  key: string;
  from: unknown;
  to: unknown;
}

export interface SettingsChange {
  /** Grows with every change. */
  id: number;
  at: string;
  by: ChangedBy;
  changes: ChangedKey[];
}

/** Changes, newest first; the next page has those with a smaller id than `next`. */
export interface SettingsHistoryPage {
  changes: SettingsChange[];
  next: number | null;
}

/** The `If-Match` is out of date. */
export class SettingsChanged extends Error {
  override readonly name = "SettingsChanged";
  constructor(readonly etag: string) {
    super("another client changed the settings; read them again");
  }
}

/** Line and column count from 1, as in an editor. */
export interface PlacedProblem {
  line: number;
  column: number;
  /** The key as people write it: `smtp.port`; empty for the document as a whole. */
  key: string;
  message: string;
}

/** A settings file that cannot be used. Without `problems` it could not be read at all. */
export class BrokenSettingsFile extends Error {
  override readonly name = "BrokenSettingsFile";
  constructor(
    readonly path: string,
    readonly problems: readonly PlacedProblem[],
    options?: ErrorOptions,
    /** Why it cannot be reached. */
    readonly fault?: string,
  ) {
    super(fault === undefined ? placed(path, problems) : `${path}: ${fault}`, options);
  }
}

function placed(path: string, problems: readonly PlacedProblem[]): string {
  return problems.map(({ line, column, key, message }) =>
    `${path}:${line}:${column}: ${key === "" ? message : `${key} ${message}`}`
  ).join("\n");
}
