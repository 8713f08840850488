/** The settings as a file keeps them, with their history, and why they cannot be read or changed. */
import type { Settings } from "./settings.ts";

/** Settings, secrets and all, with the ETag of the file they stand in, quotes included (RFC 9110, section 8.8.3). */
export interface StoredSettings {
  settings: Settings;
  etag: string;
}

/** `http`: over HTTP; `command`: by `rosterd settings set`; `file`: by hand, seen when it was read. */
export const CHANGED_BY = ["http", "command", "file"] as const;
export type ChangedBy = typeof CHANGED_BY[number];

/** One key that changed; of a secret only that it did. */
export interface ChangedKey {
  key: string;
  from: unknown;
  to: unknown;
}

/** One change, as `GET /settings/history` shows it. */
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

/** An `If-Match` that no longer holds: somebody else changed the settings. */
export class SettingsChanged extends Error {
  override readonly name = "SettingsChanged";
  constructor(readonly etag: string) {
    super("the settings were changed by somebody else; read them again");
  }
}

/** One thing that is wrong in the file. Line and column count from 1, as an editor shows them. */
export interface PlacedProblem {
  line: number;
  column: number;
  /** The key as people write it: `smtp.port`; empty for the document as a whole. */
  key: string;
  message: string;
}

/** A settings file that cannot be used: broken, or (without `problems`) not readable at all. */
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
