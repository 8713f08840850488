/**
 * Schemas for the findings of a roster check that a change to the settings can fix
 * (docs/file-format.md#from-a-finding-to-a-setting).
 */
import { z } from "zod";

/** One question about a roster. The answer becomes the value of one setting. */
export const rosterFinding = z.object({
  kind: z.enum(["unknown_header", "missing_column", "opposite_value", "value", "missing_value", "date_format"]),
  header: z.string().nullable().describe(
    "The header in the file: either an unknown header or the one from which the column is read.",
  ),
  column: z.string().nullable().describe("The name of the column; null for an unknown header."),
  value: z.string().nullable().describe("The value in the file, for the kinds `value` and `opposite_value`."),
  count: z.int().min(0).nullable().describe("The number of records; null if the records were not counted."),
  setting: z.array(z.string()).nullable().describe(
    'The keys that lead to the setting, such as ["value_maps", "active", "Y"]; null if no setting fixes the finding.',
  ),
  suggestion: z.string().nullable().describe(
    "The suggested value of the setting; null if only a person can choose it.",
  ),
  is_guess: z.boolean().describe("True if the file contains no evidence for the suggestion."),
  choices: z.array(z.string()).describe("The values allowed for the setting; empty if any text is allowed."),
});
export type RosterFinding = z.output<typeof rosterFinding>;

/** The change to the settings that applies all suggestions. */
export const proposal = z.object({
  patch: z.record(z.string(), z.unknown()).describe("A merge patch for `PATCH /settings`."),
});
export type Proposal = z.output<typeof proposal>;

/**
 * Whether a question still applies after the admin has chosen columns for headers. A question about a value applies
 * only while its header is mapped to the same column. A question about a missing column applies until a header is
 * mapped to that column. `columnOf`: the column chosen for each unknown header, or an empty string if the header is not
 * used.
 */
export function isAsked({ kind, header, column }: RosterFinding, columnOf: ReadonlyMap<string, string>): boolean {
  if (kind === "unknown_header") return true;
  if (kind === "missing_column") return ![...columnOf.values()].includes(column!);
  return header === null || !columnOf.has(header) || columnOf.get(header) === column;
}
