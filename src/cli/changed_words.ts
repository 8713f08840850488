/** Describes the changes to a user in words. */
import type { Change, ImportChange } from "../domain/outcome.ts";
import { printable } from "../runtime/log.ts";

/** A line such as `u1: updated (city "Ottawa" → "Hull")`. A created user has no earlier values. */
export function changedWords(subject: string, change: Pick<ImportChange, "outcome" | "columns" | "permits_released">) {
  const words = [...valueWords(change), ...change.permits_released.map((no) => `permit ${quoted(no)} released`)];
  return `${printable(subject)}: ${change.outcome}${words.length === 0 ? "" : ` (${words.join(", ")})`}`;
}

/** Describes the change to a user with a new id (docs/people.md#new-ids). */
const ID_WORDS: Readonly<Record<string, (before: string | null, after: string | null) => string>> = {
  unique_id: (before) => `renamed from ${quoted(before)}`,
  old_unique_id: (_, after) => `merged with ${quoted(after)}`,
  merged_into: (_, after) => `merged into ${quoted(after)}`,
};

/** The changed values, in the form `city "Ottawa" → "Hull"`. */
export function valueWords({ outcome, columns }: Pick<Change, "outcome" | "columns">): string[] {
  return Object.entries(columns).map(([column, [before, after]]) =>
    ID_WORDS[column]?.(before, after) ??
      (outcome === "created" ? `${column} ${quoted(after)}` : `${column} ${quoted(before)} → ${quoted(after)}`)
  );
}

export function quoted(value: string | null): string {
  return value === null ? "nothing" : `"${printable(value)}"`;
}
