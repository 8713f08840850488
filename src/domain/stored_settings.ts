/** Types for the settings file and its history, and the errors that reading or changing the file can throw. */
import { z } from "zod";
import type { Settings } from "./settings.ts";

/** Settings with their secrets. `etag` includes its quotes (RFC 9110, section 8.8.3). */
export interface StoredSettings {
  settings: Settings;
  etag: string;
}

/**
 * How the settings were changed. `command`: with `rosterd settings set` or `map`. `file`: by hand, which rosterd
 * noticed the next time it read the file.
 */
export const CHANGE_WAYS = ["http", "command", "file"] as const;
export type ChangeWay = typeof CHANGE_WAYS[number];

const changedKey = z.object({
  key: z.string().describe('The dotted name of the setting, such as "smtp.port".'),
  from: z.unknown().describe('Secrets appear as "***".'),
  to: z.unknown(),
});
export type ChangedKey = z.output<typeof changedKey>;

/** One page of the settings history, newest change first. */
export const settingsHistoryPage = z.object({
  changes: z.array(z.object({
    id: z.int(),
    at: z.string().describe("RFC 3339, UTC."),
    how: z.enum(CHANGE_WAYS).describe(
      "How the change was made: over HTTP, with `rosterd settings set` or `map`, or manually in the file.",
    ),
    by: z.string().nullable().describe(
      "The name of the token, or the user who ran the command. Null for a manual edit, and for entries from older versions.",
    ),
    changes: z.array(changedKey),
  })),
  next: z.int().nullable().describe("Pass it as `before` to get the next page; null on the last page."),
});
export type SettingsHistoryPage = z.output<typeof settingsHistoryPage>;

/** Thrown if the ETag in the `If-Match` header is out of date. */
export class SettingsChanged extends Error {
  override readonly name = "SettingsChanged";
  constructor(readonly etag: string) {
    super("another client changed the settings; read them again");
  }
}

/** A problem and its place in the settings file. Lines and columns are numbered from 1, as in an editor. */
export interface PlacedProblem {
  line: number;
  column: number;
  /** The dotted key, such as `smtp.port`; empty for the whole document. */
  key: string;
  message: string;
}

/** Thrown for a settings file that cannot be used. If `problems` is empty, the file could not be read at all. */
export class BrokenSettingsFile extends Error {
  override readonly name = "BrokenSettingsFile";
  constructor(
    readonly path: string,
    readonly problems: readonly PlacedProblem[],
    options?: ErrorOptions,
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
