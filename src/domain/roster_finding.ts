/** What a check of a roster found that settings can fix (docs/file-format.md#from-a-finding-to-its-cure). Pure data. */

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
  /** The value in the file, for the kinds `value` and `opposite_value`. */
  value: string | null;
  /** The number of records affected; null if they were not counted. */
  count: number | null;
  /** The path of the setting, such as `["value_maps", "active", "Y"]`. Null if no setting fixes the finding. */
  setting: string[] | null;
  /** The suggested value of the setting; null if only a person can know it. */
  suggestion: string | null;
  /** True if nothing in the file supports the suggestion. */
  is_guess: boolean;
  /** The values allowed for the setting; empty if any text is allowed. */
  choices: string[];
}

/** The change to the settings that accepts all suggestions, as an RFC 7396 merge patch. */
export interface Proposal {
  patch: Record<string, unknown>;
}

/**
 * Whether a question still applies. A question about a value applies as long as the header is still mapped to that
 * column; a question about a missing column applies until some header is mapped to it. `columnOf`: the answers for
 * unknown headers, empty for an unused one.
 */
export function isAsked({ kind, header, column }: RosterFinding, columnOf: ReadonlyMap<string, string>): boolean {
  if (kind === "unknown_header") return true;
  if (kind === "missing_column") return ![...columnOf.values()].includes(column!);
  return header === null || !columnOf.has(header) || columnOf.get(header) === column;
}
