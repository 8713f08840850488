/** What a mail about an import is written from. */
import { feedPath } from "../domain/feed.ts";
import type { HeldColumn, HeldUser } from "../domain/decision.ts";
import type { FailureGroup } from "../domain/mail.ts";
import type { Counts } from "../domain/outcome.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { shown } from "./text.ts";

export interface MailedImport {
  entry: ImportEntry;
  /** The failures that are new with this import, and the known ones; the largest groups come first. */
  fresh: readonly FailureGroup[];
  known: readonly FailureGroup[];
  /** Failures of earlier files of the feed whose users this file does not name. */
  earlier: readonly FailureGroup[];
  /** The first users on hold. */
  held: readonly HeldUser[];
  /** The columns for which the change guard holds the file. */
  heldColumns: readonly HeldColumn[];
}

/** Where the upload was, such as `students/roster.csv`. */
export function placeOf({ feed, file }: Pick<ImportEntry, "feed" | "file">): string {
  return shown(feedPath(feed, file), 255 + feed.length);
}

export function heldUsers(counts: Counts): number {
  return counts.held + counts.missing_held;
}

export function isTrial({ status }: ImportEntry): boolean {
  return status === "checked";
}
