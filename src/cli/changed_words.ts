/** Describes in words what changed for a user. */
import type { Change, ImportChange } from "../domain/outcome.ts";
import { printable } from "../runtime/log.ts";

/** `u1: updated (city "Ottawa" → "Hull")`; a created user has no earlier values. */
export function changedWords(subject: string, change: Pick<ImportChange, "outcome" | "columns" | "permits_released">) {
  const words = [...valueWords(change), ...change.permits_released.map((no) => `permit ${quoted(no)} released`)];
  return `${printable(subject)}: ${change.outcome}${words.length === 0 ? "" : ` (${words.join(", ")})`}`;
}

/** `city "Ottawa" → "Hull"` for each value. */
export function valueWords({ outcome, columns }: Pick<Change, "outcome" | "columns">): string[] {
  return Object.entries(columns).map(([column, [before, after]]) =>
    outcome === "created" ? `${column} ${quoted(after)}` : `${column} ${quoted(before)} → ${quoted(after)}`
  );
}

export function quoted(value: string | null): string {
  return value === null ? "nothing" : `"${printable(value)}"`;
}
