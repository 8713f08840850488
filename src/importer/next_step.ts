/**
 * The next step of an upload. It depends only on where the upload is and on what the history says of its import, so the next
 * process can continue one that was killed at any moment (docs/reliability.md). Pure.
 *
 * Every step can be repeated: it ends in the same place with the same names, whichever process began it.
 */
import type { ImportEntry } from "./ports.ts";

/** In the upload folder, in `.rosterd/KEY/`, in `bak` under the noted name, or removed by another program. */
export type Place = "upload" | "claimed" | "bak" | "gone";

/** What the history says: nothing; it was begun; applied or rejected; its failed records are kept; it is in `bak`. */
export type Stage = "unknown" | "begun" | "over" | "kept" | "filed";

/**
 * - claim: rename it into `.rosterd/KEY/`
 * - import: apply it whole or not at all, or reject it, and note the result in the same transaction
 * - keep_failed: write its failed records to `bak`, and note their name
 * - move: move it to `bak`, and note its name
 * - forget: remove what is left of it in `.rosterd/`
 * - end: note that its file is gone, so that no one waits for it
 */
export type Step = "claim" | "import" | "keep_failed" | "move" | "forget" | "end";

/** Null: nothing is left to do. A file in the upload folder has no history, because claiming it gives it its key. */
const NEXT: Readonly<Record<Place, Readonly<Record<Stage, Step | null>>>> = {
  upload: { unknown: "claim", begun: null, over: null, kept: null, filed: null },
  claimed: { unknown: "import", begun: "import", over: "keep_failed", kept: "move", filed: "move" },
  bak: { unknown: "forget", begun: "end", over: "move", kept: "move", filed: "forget" },
  gone: { unknown: null, begun: "end", over: "end", kept: "end", filed: null },
};

export function nextStep(place: Place, stage: Stage): Step | null {
  return NEXT[place][stage];
}

export function stageOf(
  entry: Pick<ImportEntry, "status" | "failed" | "failed_file" | "bak_file"> | null,
): Stage {
  if (entry === null) return "unknown";
  if (!isOver(entry)) return "begun";
  if (entry.bak_file !== null) return "filed";
  return entry.failed > 0 && entry.failed_file === null ? "over" : "kept";
}

export function isOver({ status }: Pick<ImportEntry, "status">): boolean {
  return status !== "running" && status !== "error";
}
