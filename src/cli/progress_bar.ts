/** Shows the progress of an import or a check as a bar on a terminal. */
import { basename } from "node:path";
import type { Progress } from "../importer/ports.ts";
import { printable } from "../runtime/log.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import type { Terminal } from "./terminal.ts";

/** Four updates a second are still readable. */
const INTERVAL_MS = 250;

/** The first moments of a stage say too little about the rest. */
const MIN_ELAPSED_MS = 1_000;

const BAR_LENGTH = 20;
const MAX_NAME_LENGTH = 28;
const STAGES = { examining: "checking", reading: "reading", merging: "merging", reporting: "reporting" };

/** Shows a bar even for a stage that is shorter than the update interval. Shows nothing with `--json`. */
export function showProgress(terminal: Terminal, path: string, isJson: boolean): (progress: Progress) => void {
  if (isJson) return () => {};
  let stage: Progress["stage"] | null = null, beganAt = 0, shownAt = 0;
  return (progress) => {
    const now = performance.now();
    if (progress.stage === stage && now - shownAt < INTERVAL_MS) return;
    if (progress.stage !== stage) beganAt = now;
    stage = progress.stage;
    shownAt = now;
    terminal.progress(`${shortName(path)}: ${progressLine(progress, now - beganAt)}`);
  };
}

/** `elapsedMs`: how long the stage has taken so far. Only the first two stages know how much is left. */
export function progressLine({ stage, bytes, total_bytes, records }: Progress, elapsedMs: number): string {
  const found = records > 0 ? `, ${counted(records, "record")}` : "";
  if (stage === "merging" || stage === "reporting") return `${STAGES[stage]}${found}`;
  const share = total_bytes === 0 ? 1 : Math.min(1, bytes / total_bytes), full = Math.floor(share * BAR_LENGTH);
  const bar = `[${"#".repeat(full)}${"-".repeat(BAR_LENGTH - full)}]`;
  return `${STAGES[stage]} ${bar} ${Math.floor(100 * share)}%${found}${timeLeft(share, elapsedMs)}`;
}

function timeLeft(share: number, elapsedMs: number): string {
  if (elapsedMs < MIN_ELAPSED_MS || share === 0 || share === 1) return "";
  const seconds = Math.ceil(elapsedMs * (1 - share) / share / 1_000);
  return seconds < 60 ? `, ${seconds} s left` : `, ${grouped(Math.ceil(seconds / 60))} min left`;
}

/** A line that is wider than the terminal could not be replaced. */
function shortName(path: string): string {
  const name = [...printable(basename(path))];
  return name.length <= MAX_NAME_LENGTH ? name.join("") : `${name.slice(0, MAX_NAME_LENGTH - 1).join("")}…`;
}
