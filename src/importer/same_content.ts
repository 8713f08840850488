/**
 * Warns if an earlier file, such as an old roster, is imported again after other files, because it can reverse their
 * changes.
 */
import type { Counts, Warning } from "../domain/outcome.ts";
import type { EarlierImports } from "./ports.ts";

/** If the file changes no users, no warning is needed. */
export async function sameContentWarnings(
  transaction: EarlierImports,
  feed: string,
  counts: Counts,
  sha256: string | null,
): Promise<Warning[]> {
  if (sha256 === null || !changesUsers(counts)) return [];
  const earlier = await transaction.earlierWithSameContent(feed, sha256);
  if (earlier === null) return [];
  const text = `the same file was imported before, as import ${earlier.id} on ${day(earlier.startedAt)}: ` +
    "later changes may be reversed. If this was a mistake, undo this import and upload the newest roster";
  return [{ code: "same_content", text }];
}

function changesUsers(counts: Counts): boolean {
  const { created, updated, archived, reactivated, held, missing_archived, missing_held } = counts;
  return created + updated + archived + reactivated + held + missing_archived + missing_held > 0;
}

function day(at: Date): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" }).format(at);
}
