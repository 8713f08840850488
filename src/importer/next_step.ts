/**
 * Chooses the next step of an upload. The choice depends only on the place of the upload and on the history of its
 * import, so the next process can continue after a crash at any point (docs/reliability.md). Pure functions.
 *
 * Every step is idempotent: repeating it, even in another process, leads to the same place and the same names.
 */
import type { ImportEntry } from "./ports.ts";

/**
 * The place of an upload: in the upload folder; in `.rosterd/KEY/`; in the same folder, in the form in which `bak` keeps
 * it; in `bak` under the recorded name; in `bak` since an earlier import whose hold was approved; or removed by another
 * program.
 */
export type Place = "upload" | "claimed" | "packed" | "bak" | "held" | "gone";

/**
 * The state of an import in the history: unknown; begun; applied, rejected or held; failed records written; moved to
 * `bak`.
 */
export type Stage = "unknown" | "begun" | "over" | "kept" | "filed";

/**
 * - claim: rename the upload into `.rosterd/KEY/`
 * - import: apply, reject or hold the file, and record the result in the same transaction
 * - adopt: note in `.rosterd/KEY/` which file in `bak` an approval applied
 * - keep_failed: write the failed-records file to `bak` and record its name
 * - pack: replace a large upload with its gzipped form
 * - move: move the upload to `bak` and record its new name
 * - forget: remove the remains of the upload from `.rosterd/`
 * - end: record that the file is gone, so that the import does not stay unfinished
 */
export type Step = "claim" | "import" | "adopt" | "keep_failed" | "pack" | "move" | "forget" | "end";

/**
 * Returns null if no steps are left. A file in the upload folder has no history, because an upload gets its key when it
 * is claimed. An approval begins and applies its import in one transaction.
 */
const NEXT: Readonly<Record<Place, Readonly<Record<Stage, Step | null>>>> = {
  upload: { unknown: "claim", begun: null, over: null, kept: null, filed: null },
  claimed: { unknown: "import", begun: "import", over: "keep_failed", kept: "pack", filed: "move" },
  packed: { unknown: null, begun: null, over: null, kept: "move", filed: "move" },
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
