/**
 * What is to be done next with an upload: decided by where it stands and by what the history says of its import, and by nothing
 * else. So a process that is killed at any moment is continued by the next one; the diagram is in the README. Pure.
 *
 * Every step may be repeated: it ends in the same place with the same names, whoever began it.
 */
import type { ImportEntry } from "./ports.ts";

/** Where it stands: in the upload folder, in `.rosterd/KEY/`, in `bak` under the noted name, or nowhere (somebody removed it). */
export type Place = "upload" | "taken" | "bak" | "gone";

/**
 * What the history says: nothing; the import was begun; it is over, by being applied or rejected, in the one transaction that did
 * it; its failed records are kept, or there are none; the file is where it belongs.
 */
export type Stage = "unknown" | "begun" | "over" | "kept" | "filed";

/**
 * - take: rename it into `.rosterd/KEY/`
 * - import: apply it whole or not at all, or reject it, and note in the same transaction what it came to
 * - keep_failed: write its failed records to `bak`, and note their name
 * - move: move it to `bak`, and note its name
 * - forget: remove what is left of it in `.rosterd/`
 * - end: note that its file is gone, so that nobody waits for it any more
 */
export type Step = "take" | "import" | "keep_failed" | "move" | "forget" | "end";

/** Null: nothing. A file in the upload folder has no history: taking it gives it the key by which the history knows it. */
const NEXT: Readonly<Record<Place, Readonly<Record<Stage, Step | null>>>> = {
  upload: { unknown: "take", begun: null, over: null, kept: null, filed: null },
  taken: { unknown: "import", begun: "import", over: "keep_failed", kept: "move", filed: "move" },
  bak: { unknown: "forget", begun: "end", over: "move", kept: "move", filed: "forget" },
  gone: { unknown: null, begun: "end", over: "end", kept: "end", filed: null },
};

export function nextStep(place: Place, stage: Stage): Step | null {
  return NEXT[place][stage];
}

/** How far the import has come by its entry in the history. */
export function stageOf(
  entry: Pick<ImportEntry, "status" | "failed" | "failed_file" | "bak_file"> | null,
): Stage {
  if (entry === null) return "unknown";
  if (!isOver(entry)) return "begun";
  if (entry.bak_file !== null) return "filed";
  return entry.failed > 0 && entry.failed_file === null ? "over" : "kept";
}

/** Whether the import was applied or rejected; then it is never done again. */
export function isOver({ status }: Pick<ImportEntry, "status">): boolean {
  return status !== "running" && status !== "error";
}
