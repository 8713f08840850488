/** The data from which an email about an import is written. */
import { feedPath } from "../domain/feed.ts";
import type { HeldColumn, HeldUser } from "../domain/decision.ts";
import type { FailureGroup } from "../domain/mail.ts";
import type { Counts } from "../domain/outcome.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { shown } from "./text.ts";

export interface MailedImport extends MailDetails {
  entry: ImportEntry;
}

export interface MailDetails {
  /** The new and the known failures of this import, grouped by reason. The largest groups come first. */
  fresh: readonly FailureGroup[];
  known: readonly FailureGroup[];
  /** Failures from the feed's earlier files whose users are not in this file. */
  earlier: readonly FailureGroup[];
  /** The first few held users. */
  held: readonly HeldUser[];
  /** The columns for which the change guard holds the file. */
  heldColumns: readonly HeldColumn[];
}

/** The path of the upload, such as `students/roster.csv`. */
export function placeOf({ feed, file }: Pick<ImportEntry, "feed" | "file">): string {
  return shown(feedPath(feed, file), 255 + feed.length);
}

export function heldUsers(counts: Counts): number {
  return counts.held + counts.missing_held;
}

export function isTrial({ status }: ImportEntry): boolean {
  return status === "checked";
}
