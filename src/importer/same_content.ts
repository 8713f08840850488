/**
 * Warns when a file that was imported before comes back after others, as when an older roster is dropped in by mistake: it puts
 * everybody back to what they were.
 */
import type { Counts, Warning } from "../domain/outcome.ts";
import type { EarlierImports } from "./ports.ts";

/** No warning where the file changes nobody: then it is the same roster again, and nothing is put back. */
export async function sameContentWarnings(
  transaction: EarlierImports,
  counts: Counts,
  sha256: string | null,
): Promise<Warning[]> {
  if (sha256 === null || !changesAnybody(counts)) return [];
  const earlier = await transaction.earlierWithSameContent(sha256);
  if (earlier === null) return [];
  const text = `the same file was imported before, as import ${earlier.id} on ${day(earlier.startedAt)}: ` +
    "what later imports changed may be put back. If this was a mistake, undo it and upload the newest roster";
  return [{ code: "same_content", text }];
}

function changesAnybody(counts: Counts): boolean {
  const { created, updated, archived, reactivated, held, missing_archived, missing_held } = counts;
  return created + updated + archived + reactivated + held + missing_archived + missing_held > 0;
}

/** Such as 28 Nov 2026, in UTC. */
function day(at: Date): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" }).format(at);
}
