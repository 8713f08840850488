/** What a check of a roster found that settings can cure (docs/file-format.md#from-a-finding-to-its-cure). Pure data. */

export const ROSTER_FINDING_KINDS = [
  "unknown_header",
  "missing_column",
  "opposite_value",
  "value",
  "missing_value",
  "date_format",
] as const;
export type RosterFindingKind = typeof ROSTER_FINDING_KINDS[number];

/** One question about a roster. Its answer is the value of one setting. */
export interface RosterFinding {
  kind: RosterFindingKind;
  /** The header in the file: the unknown one, or the one that the column is read from. Null for a missing column. */
  header: string | null;
  /** The column; null for an unknown header. */
  column: string | null;
  /** The value in the file, of `value` and `opposite_value`. */
  value: string | null;
  /** The records concerned; null if they were not counted. */
  count: number | null;
  /** The keys that lead to the setting: `["value_maps", "active", "Y"]`. Null if no setting cures the finding. */
  setting: string[] | null;
  /** The value to give to the setting; null if only a person knows it. */
  suggestion: string | null;
  /** Nothing in the file says that the suggestion is right. */
  is_guess: boolean;
  /** The values allowed for the setting; empty if any text is allowed. */
  choices: string[];
}

/** The settings change that follows from the suggestions, as an RFC 7396 merge patch. */
export interface Proposal {
  patch: Record<string, unknown>;
}

/**
 * Whether a question still matters: values below a header only while the header means their column, and the default of a missing
 * column only while no header means it. `columnOf`: the answers for unknown headers, empty for a header that is not used.
 */
export function isAsked({ kind, header, column }: RosterFinding, columnOf: ReadonlyMap<string, string>): boolean {
  if (kind === "unknown_header") return true;
  if (kind === "missing_column") return ![...columnOf.values()].includes(column!);
  return header === null || !columnOf.has(header) || columnOf.get(header) === column;
}
