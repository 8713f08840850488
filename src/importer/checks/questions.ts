/**
 * Turns the findings of a check into questions. Each question names a setting, and the answer becomes its value
 * (docs/file-format.md#from-a-finding-to-a-setting).
 */
import { type Column, columnPosition, COLUMNS } from "../../domain/columns.ts";
import type { RosterFinding } from "../../domain/roster_finding.ts";
import { DATE_FORMATS, foldValue, mayHaveDefault } from "../../domain/setting_values.ts";
import { InvalidSettings } from "../../domain/parse_settings.ts";
import type { Settings } from "../../domain/settings.ts";
import type { ColumnFindings, Findings } from "./findings.ts";
import { requiredColumns } from "./header.ts";
import { isOpposite, valueMeant } from "./other_words.ts";
import { proposalOf, withProposal } from "./proposal.ts";
import { type Names, readNames, suggestColumns } from "./suggested_columns.ts";

/**
 * The maximum number of unknown headers to ask about. Headers with a suggestion come first and are always included.
 */
const MAX_HEADERS_ASKED = 100;

/** The login source to suggest if neither the roster nor the settings name one. */
const USUAL_LOGIN_SOURCE = "sso";

/** All questions in order: headers, missing columns, then values by column. */
export function findingsOf(found: Findings, settings: Settings): RosterFinding[] {
  const header = readNames(found.headers, settings);
  const suggested = suggestColumns(header);
  const findings = [
    ...unknownHeaders(header, suggested),
    ...oppositeValues(header, suggested, settings),
    ...missingColumns(header, suggested, settings),
    ...found.failing.flatMap((failing) => failingValues(failing, found.skipped, header, settings)),
  ];
  return findings.map((finding) => withoutRefused(finding, settings));
}

/** Columns that every roster needs, and columns whose values only a person can map. */
const NEVER_MISREAD: ReadonlySet<Column["kind"]> = new Set(["unique_id", "login_source", "user_type"]);

/**
 * Columns in which most values are unknown, so the header probably means something else: for example, a "status" of FT
 * or PT.
 */
export function misreadColumns(found: Findings, settings: Settings): ReadonlySet<string> {
  const { headerOf } = readNames(found.headers, settings);
  const misread = found.failing.filter((failing) => {
    const { column, values, failed, missing, counts } = failing;
    if (NEVER_MISREAD.has(column.kind) || failing.likelyForms(found.skipped) !== null) return false;
    const context = meaningContext(column, headerOf.get(column.name) ?? null, settings);
    const known = [...counts].reduce(
      (sum, [value, count]) => sum + (valueMeant(column, value, context) ? count : 0),
      0,
    );
    return 2 * (failed - missing - known) > values;
  });
  return new Set(misread.map(({ column }) => column.name));
}

/** Drops a suggestion that would make the settings invalid, such as an alias of more than 200 characters. */
function withoutRefused(finding: RosterFinding, settings: Settings): RosterFinding {
  const proposal = proposalOf([finding]);
  if (proposal === null) return finding;
  try {
    withProposal(settings, proposal);
    return finding;
  } catch (error) {
    if (!(error instanceof InvalidSettings)) throw error;
    return { ...finding, suggestion: null };
  }
}

const NOTHING = {
  header: null,
  column: null,
  value: null,
  count: null,
  suggestion: null,
  is_guess: false,
  choices: [],
};

function unknownHeaders({ unknown, headerOf }: Names, suggested: ReadonlyMap<string, string>): RosterFinding[] {
  const choices = COLUMNS.map(({ name }) => name).filter((name) => !headerOf.has(name));
  const inOrder = [...unknown].sort((a, b) => Number(suggested.has(b)) - Number(suggested.has(a)));
  return inOrder.slice(0, Math.max(MAX_HEADERS_ASKED, suggested.size)).map((header) => ({
    ...NOTHING,
    kind: "unknown_header",
    header,
    setting: ["header_aliases", header],
    suggestion: suggested.get(header) ?? null,
    choices,
  }));
}

/** A header such as "suspended" is the opposite of `active`, so even the values 0 and 1 need a value map. */
function oppositeValues(
  { headerOf }: Names,
  suggested: ReadonlyMap<string, string>,
  { value_maps }: Settings,
): RosterFinding[] {
  const header = headerOf.get("active") ?? [...suggested].find(([, column]) => column === "active")?.[0];
  if (header === undefined || !isOpposite(header)) return [];
  return [["0", "1"], ["1", "0"]].filter(([value]) => !Object.hasOwn(value_maps.active ?? {}, value)).map((
    [value, suggestion],
  ) => ({
    ...NOTHING,
    kind: "opposite_value",
    header,
    column: "active",
    value,
    setting: ["value_maps", "active", value],
    suggestion,
    choices: FLAGS,
  }));
}

const FLAGS = ["1", "0"];

function missingColumns(
  { headerOf }: Names,
  suggested: ReadonlyMap<string, string>,
  settings: Settings,
): RosterFinding[] {
  if (headerOf.size + suggested.size === 0) return [];
  const found = new Set([...headerOf.keys(), ...suggested.values()]);
  return [...requiredColumns(settings)].filter((name) => !found.has(name)).map((name) => ({
    ...NOTHING,
    kind: "missing_column",
    column: name,
    ...defaultFor(COLUMNS[columnPosition(name)], true, settings),
  }));
}

/** Suggests a login source only if no record has one (`isEmpty`). */
function defaultFor(column: Column, isEmpty: boolean, settings: Settings) {
  const choices = acceptedValues(column, settings);
  const isLoginSource = column.name === "login_source" && isEmpty;
  const suggestion = isLoginSource ? choices[0] ?? USUAL_LOGIN_SOURCE : choices.length === 1 ? choices[0] : null;
  const setting = mayHaveDefault(column.name) ? ["defaults", column.name] : null;
  return { setting, suggestion: setting === null ? null : suggestion, is_guess: suggestion !== null, choices };
}

function failingValues(found: ColumnFindings, skipped: number, header: Names, settings: Settings): RosterFinding[] {
  const { column, missing } = found;
  const source = { ...NOTHING, header: header.headerOf.get(column.name) ?? null, column: column.name };
  const findings: RosterFinding[] = column.kind === "date"
    ? dates(found, skipped, source)
    : values(found, source, settings);
  if (missing > 0 && mayHaveDefault(column.name)) {
    const isEmpty = found.values === 0;
    findings.push({ ...source, kind: "missing_value", count: missing, ...defaultFor(column, isEmpty, settings) });
  }
  return findings;
}

type Source = Omit<RosterFinding, "kind" | "setting">;

function values({ column, counts }: ColumnFindings, source: Source, settings: Settings): RosterFinding[] {
  const context = meaningContext(column, source.header, settings);
  return inSpellings(counts).map(({ value, count }) => ({
    ...source,
    kind: "value",
    value,
    count,
    setting: ["value_maps", column.name, value],
    suggestion: valueMeant(column, value, context),
    choices: context.accepted,
  }));
}

function meaningContext(column: Column, header: string | null, settings: Settings) {
  return { opposite: header !== null && isOpposite(header), accepted: acceptedValues(column, settings) };
}

/** Combines values that a value map treats as equal. The most frequent values come first. */
function inSpellings(counts: ReadonlyMap<string, number>): { value: string; count: number }[] {
  const byFolded = new Map<string, { value: string; count: number }>();
  for (const [text, count] of counts) {
    const folded = foldValue(text), one = byFolded.get(folded);
    if (one === undefined) byFolded.set(folded, { value: text.trim(), count });
    else one.count += count;
  }
  return [...byFolded.values()].sort((a, b) => b.count - a.count);
}

function dates(found: ColumnFindings, skipped: number, source: Source): RosterFinding[] {
  if (found.forms.size === 0) return [];
  const likely = found.likelyForms(skipped)?.formats ?? [];
  const counts = [...found.forms.values()];
  return [{
    ...source,
    kind: "date_format",
    count: Math.max(...counts),
    setting: ["date_format"],
    suggestion: likely.length === 1 ? likely[0] : null,
    choices: DATE_FORMATS.filter((format) => found.forms.has(format)),
  }];
}

/** The values that a column accepts; empty if it accepts any text. */
function acceptedValues({ kind }: Column, { login_sources, user_types }: Settings): string[] {
  if (kind === "flag") return FLAGS;
  if (kind === "login_source") return [...login_sources];
  return kind === "user_type" ? [...user_types] : [];
}
