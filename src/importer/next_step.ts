/**
 * Chooses the next step of an upload. It depends only on where the upload is and what the history says about its
 * import, so the next process can continue after a crash at any point (docs/reliability.md). Pure functions.
 *
 * Every step is idempotent: repeating it, even in another process, leads to the same place and the same names.
 */
import type { ImportEntry } from "./ports.ts";

/**
 * In the upload folder; in `.rosterd/KEY/`; in `bak` under the recorded name; in `bak` since an earlier import whose hold
 * was approved; or removed by another program.
 */
export type Place = "upload" | "claimed" | "bak" | "held" | "gone";

/** What the history records: nothing; begun; applied, rejected or held; failed records written; moved to `bak`. */
export type Stage = "unknown" | "begun" | "over" | "kept" | "filed";

/**
 * - claim: rename it into `.rosterd/KEY/`
 * - import: apply it atomically, reject it, or hold it, and record the result in the same transaction
 * - adopt: note in `.rosterd/KEY/` which file in `bak` an approval has applied
 * - keep_failed: write its failed records to `bak`, and record the name of that file
 * - move: move it to `bak`, and record its name
 * - forget: remove its remains from `.rosterd/`
 * - end: record that its file is gone, so that the import does not stay unfinished
 */
export type Step = "claim" | "import" | "adopt" | "keep_failed" | "move" | "forget" | "end";

/**
 * Null: nothing is left to do. A file in the upload folder has no history, because it gets its key when it is claimed. An
 * approval begins and applies its import in one transaction.
 */
const NEXT: Readonly<Record<Place, Readonly<Record<Stage, Step | null>>>> = {
  upload: { unknown: "claim", begun: null, over: null, kept: null, filed: null },
  claimed: { unknown: "import", begun: "import", over: "keep_failed", kept: "move", filed: "move" },
  bak: { unknown: "forget", begun: "end", over: "keep_failed", kept: "move", filed: "forget" },
  held: { unknown: null, begun: null, over: "adopt", kept: "adopt", filed: null },
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
