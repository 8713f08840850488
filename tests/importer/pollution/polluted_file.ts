/** One polluted roster, and what its records were meant to say. */
import { type CleanRoster, HEADER } from "./clean_roster.ts";

export interface PollutedFile {
  /** The row of the table in which the file counts. */
  kind: string;
  /** Roster and place, for messages. */
  name: string;
  text: string;
  roster: CleanRoster;
  /** The polluted records, each with the values that are right besides those of the clean roster. */
  polluted: ReadonlyMap<number, readonly (readonly string[])[]>;
}

/** What becomes of the whole text of a roster. */
export interface Layout {
  header?: string;
  /** Line ends included. */
  above?: string;
  below?: string;
  lineEnd?: string;
}

export const LINE_END = "\n";

/** The lines of a roster as text. */
export function textOf(
  { written }: CleanRoster,
  changed: ReadonlyMap<number, string> = new Map(),
  { header = HEADER.join(","), above = "", below = "", lineEnd = LINE_END }: Layout = {},
): string {
  const lines = written.map((values, at) => changed.get(at) ?? values.join(","));
  return above + [header, ...lines].map((line) => line + lineEnd).join("") + below;
}
