/** Finds the columns that a header names (docs/file-format.md#columns) and rejects an unusable header. */
import { ALWAYS_REQUIRED, type Column, COLUMNS, foldHeader, isOwnHeader } from "../../domain/columns.ts";
import { RejectedFile, type Warning } from "../../domain/outcome.ts";
import { mayHaveDefault } from "../../domain/setting_values.ts";
import type { Settings } from "../../domain/settings.ts";
import { nearestName } from "./nearest_name.ts";
import { cut, shown } from "./rule.ts";

/** A column of the roster, and the positions of its values in a record. The first non-empty value is used. */
export interface PresentColumn {
  readonly column: Column;
  readonly positions: readonly number[];
}

export interface Header {
  /** The headers exactly as written in the file. */
  readonly names: readonly string[];
  /** The columns of the file, in the order of {@link COLUMNS}. */
  readonly present: readonly PresentColumn[];
  /** Positions of `rosterd_…` columns, which only a failed-records file has. */
  readonly own: readonly number[];
  /** Unknown headers, which are ignored. */
  readonly unknown: readonly string[];
  readonly warnings: readonly Warning[];
}

/** The position of the `old_unique_id` in a checked record; -1 if the roster lacks that column. */
export function oldIdPosition({ present }: Header): number {
  return present.find(({ column }) => column.name === "old_unique_id")?.positions[0] ?? -1;
}

/**
 * All known names in normalized form, with their column and rank. If two names refer to the same column, the name with
 * the lower rank wins.
 */
export type KnownNames = ReadonlyMap<string, { column: string; rank: number }>;

export function knownNames(aliases: Settings["header_aliases"]): KnownNames {
  const known = new Map<string, { column: string; rank: number }>();
  const add = (name: string, column: string) => {
    const folded = foldHeader(name);
    if (!known.has(folded)) known.set(folded, { column, rank: known.size });
  };
  for (const { name } of COLUMNS) add(name, name);
  for (const { name, otherNames } of COLUMNS) for (const other of otherNames) add(other, name);
  for (const [alias, column] of Object.entries(aliases)) add(alias, column);
  for (const { name, frenchNames } of COLUMNS) for (const french of frenchNames) add(french, name);
  return known;
}

export function namesColumn(known: KnownNames, header: string, column: string): boolean {
  return known.get(foldHeader(header))?.column === column;
}

export function countKnown(names: readonly string[], known: KnownNames): number {
  return names.filter((name) => known.has(foldHeader(name))).length;
}

/** Reads a header. Throws a single {@link RejectedFile} that lists every problem. */
export function readHeader(names: readonly string[], settings: Settings, line: number): Header {
  const known = knownNames(settings.header_aliases);
  const folded = names.map(foldHeader);
  const own = names.flatMap((name, position) => isOwnHeader(name) ? [position] : []);
  const unknown = names.filter((_, position) =>
    folded[position] !== "" && !known.has(folded[position]) && !own.includes(position)
  );
  const missing = missingColumns(folded, known, settings);
  const problems = [
    ...repeated(names, folded, known),
    ...missing.map((name) => missingReason(name, unknown)),
    ...(settings.unknown_columns === "reject"
      ? unknown.map((name) => `${shown(name)} is not a known column${hint(name)}`)
      : []),
  ];
  if (names.length < 2) {
    problems.unshift("it has only one column (separate values with a comma, semicolon, tab or |)");
  }
  if (problems.length > 0) {
    const found = names.map(shown).join(", ");
    const fix = names.length < 2 || missing.length === 0 ? "" : `. If the file is right, set ${settingsFor(missing)}`;
    const text = `the header cannot be used: ${problems.join("; ")}${fix}. Headers found: ${cut(found, 2_000)}`;
    throw new RejectedFile({ code: "header", text, line }, names);
  }
  return { names, present: presentColumns(folded, known), own, unknown, warnings: unknownWarning(unknown) };
}

function presentColumns(folded: readonly string[], known: KnownNames): PresentColumn[] {
  return COLUMNS.flatMap((column) => {
    const positions = folded
      .map((name, position) => ({ position, entry: known.get(name) }))
      .filter(({ entry }) => entry?.column === column.name)
      .sort((a, b) => a.entry!.rank - b.entry!.rank)
      .map(({ position }) => position);
    return positions.length === 0 ? [] : [{ column, positions }];
  });
}

function repeated(names: readonly string[], folded: readonly string[], known: KnownNames): string[] {
  return folded.flatMap((name, position) =>
    known.has(name) && folded.indexOf(name) < position ? [`${shown(names[position])} appears twice`] : []
  );
}

function missingColumns(folded: readonly string[], known: KnownNames, settings: Settings): string[] {
  const present = new Set(folded.map((name) => known.get(name)?.column));
  return [...requiredColumns(settings)].filter((name) => !present.has(name));
}

function missingReason(name: string, unknown: readonly string[]): string {
  const meant = unknown.find((header) => nearestName(header)?.column === name);
  return `column ${name} is missing${meant === undefined ? "" : ` (is it ${shown(meant)}?)`}`;
}

/** The settings that can supply missing columns. */
function settingsFor(missing: readonly string[]): string {
  return ["header_aliases", ...missing.filter(mayHaveDefault).map((name) => `defaults.${name}`)].join(" or ");
}

function unknownWarning(unknown: readonly string[]): Warning[] {
  if (unknown.length === 0) return [];
  const names = [...new Set(unknown)].map((name) => `${shown(name)}${hint(name)}`);
  const what = names.length === 1 ? "an unknown column was" : "unknown columns were";
  return [{ code: "unknown_columns", text: cut(`${what} ignored: ${names.join(", ")}`, 2_000) }];
}

function hint(name: string): string {
  const nearest = nearestName(name);
  return nearest === null ? "" : ` (did you mean ${nearest.name}?)`;
}

/** Columns that need a value in every record, because they are required and have no default. */
export function requiredColumns({ required_columns, defaults }: Settings): ReadonlySet<string> {
  const required = [...ALWAYS_REQUIRED, ...required_columns];
  return new Set(required.filter((name) => !Object.hasOwn(defaults, name)));
}
