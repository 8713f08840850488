/** Judges the outcome of a polluted roster. */
import { HEADER } from "./clean_roster.ts";
import type { Outcome } from "./outcome.ts";
import type { PollutedFile } from "./polluted_file.ts";

export interface Verdict {
  /** Polluted records that were applied correctly. A file with only clean records counts as one polluted record. */
  right: number;
  failed: number;
  rejected: number;
  /** Polluted records that were applied with wrong values, or neither applied nor reported. */
  wrong: number;
  /** Clean records that were neither applied unchanged nor reported. */
  lost: number;
  /** Clean records that failed. */
  beside: number;
  /** All clean records. */
  clean: number;
}

export function verdictOn({ roster, polluted }: PollutedFile, outcome: Outcome): Verdict {
  const units = polluted.size === 0 ? 1 : polluted.size;
  const clean = roster.records.length - polluted.size;
  const verdict: Verdict = { right: 0, failed: 0, rejected: 0, wrong: 0, lost: 0, beside: 0, clean };
  if (outcome.rejected !== null) return { ...verdict, rejected: units };

  const places = outcome.columns.map((name) => HEADER.indexOf(name));
  const keyOf = (values: readonly string[]) =>
    values.map((value) => value.trim()).join("\u0001").replace(/\r\n?/g, "\n");
  const meant = new Map<string, number>();
  roster.records.forEach((values, at) => {
    for (const one of [values, ...(polluted.get(at) ?? [])]) meant.set(keyOf(places.map((place) => one[place])), at);
  });
  const applied = new Set(outcome.applied.map((values) => meant.get(keyOf(values))));
  const isReported = reportOf(outcome.failures);

  let missing = 0, right = 0;
  roster.records.forEach((values, at) => {
    const isPolluted = polluted.has(at);
    if (applied.has(at)) right += isPolluted ? 1 : 0;
    else if (isReported(values)) verdict.beside += isPolluted ? 0 : 1;
    else if (isPolluted) missing++;
    else verdict.lost++;
  });
  const isWrong = applied.has(undefined);
  if (polluted.size > 0) {
    const wrong = Math.max(missing, isWrong ? 1 : 0);
    return { ...verdict, right, failed: units - right - wrong, wrong };
  }
  if (isWrong || verdict.lost > 0) return { ...verdict, wrong: isWrong ? 1 : 0 };
  return applied.size === roster.records.length ? { ...verdict, right: 1 } : { ...verdict, failed: 1 };
}

const UNIQUE_ID = HEADER.indexOf("unique_id"), EMAIL = HEADER.indexOf("email");

const lettersOf = (text: string) => text.replace(/[^0-9A-Za-z]/g, "");

/** Whether a failure shows the record's id or its email address, as one of the two may be polluted. */
function reportOf(failures: readonly string[]): (values: readonly string[]) => boolean {
  const all = lettersOf(failures.join(" "));
  return (values) => [values[UNIQUE_ID], values[EMAIL]].some((value) => all.includes(lettersOf(value)));
}
