/**
 * Finds files that rosterd cannot import unless a person changes them: those with another extension and those that
 * rosterd may not read.
 */
import { feedPath } from "../domain/feed.ts";
import type { Alert } from "../domain/mail.ts";
import { printable } from "../runtime/log.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import type { FeedState } from "./state.ts";

export interface UnreadFile {
  /** The path of the file, relative to the upload folder. */
  path: string;
  mtime: number;
  /** The problem and the remedy as a single string. */
  why: string;
}

/** The codes of waiting files for which a retry does not help. */
export const UNREADABLE: ReadonlySet<string> = new Set(["unreadable", "not_utf8_name", "not_a_plain_file"]);

const WORKBOOK = /\.(?:xls[xmb]?|ods|numbers)$/i;
const MAX_NAMED = 20;

export function unreadFiles({ feed, scan: { ignored, waiting } }: FeedState): UnreadFile[] {
  return [
    ...ignored.map(({ name, mtime }) => ({ path: feedPath(feed, name), mtime, why: whyIgnored(name) })),
    ...waiting.filter(({ code }) => UNREADABLE.has(code)).map(({ name, mtime = 0, text }) => ({
      path: feedPath(feed, name),
      mtime,
      why: text.replace(/^waiting: /, ""),
    })),
  ];
}

function whyIgnored(name: string): string {
  return WORKBOOK.test(name)
    ? "it is a workbook; save it as CSV (in Excel: CSV UTF-8), and upload that file"
    : "its name must end in .csv, .tsv or .txt, optionally followed by .gz; rename or remove it";
}

export function unreadAlert(feed: string, files: readonly UnreadFile[]): Alert {
  const [first] = files, name = printable(first.path);
  if (files.length === 1) {
    return {
      feed,
      subject: `rosterd: ${name}: not imported`,
      text: `The file "${name}" was not imported.\n\nReason: ${first.why}.\n\n${NOTHING}\n`,
    };
  }
  const more = files.length - MAX_NAMED;
  const lines = [
    ...files.slice(0, MAX_NAMED).map(({ path, why }) => `- ${printable(path)}: ${why}`),
    ...(more > 0 ? [`- and ${grouped(more)} more`] : []),
  ];
  const what = counted(files.length, "file");
  return {
    feed,
    subject: `rosterd: ${feed === "" ? "" : `${feed}: `}${what} not imported`,
    text: `${what} in the upload folder were not imported.\n\n${lines.join("\n")}\n\n${NOTHING}\n`,
  };
}

const NOTHING = "No records were applied. rosterd does not move such files and sends this email only once.";
