/** One polluted roster and the intended values of its records. */
import { type CleanRoster, HEADER } from "./clean_roster.ts";

export interface PollutedFile {
  /** The table row in which this file is counted. */
  kind: string;
  /** The roster and the place of the pollution, for use in messages. */
  name: string;
  text: string;
  roster: CleanRoster;
  /**
   * The polluted records. For each record, the values that count as correct in addition to those of the clean roster.
   */
  polluted: ReadonlyMap<number, readonly (readonly string[])[]>;
}

/** The parts that replace or surround the text of a roster. */
export interface Layout {
  header?: string;
  /** Text above the header, including its line endings. */
  above?: string;
  below?: string;
  lineEnd?: string;
}

export const LINE_END = "\n";

/** Joins the lines of a roster. */
export function textOf(
  { written }: CleanRoster,
  changed: ReadonlyMap<number, string> = new Map(),
  { header = HEADER.join(","), above = "", below = "", lineEnd = LINE_END }: Layout = {},
): string {
  const lines = written.map((values, at) => changed.get(at) ?? values.join(","));
  return above + [header, ...lines].map((line) => line + lineEnd).join("") + below;
}
