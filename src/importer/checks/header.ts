/**
 * From a roster's header line to its columns (contract, section 2, "Columns"): which header stands for which column, what
 * is not known, and when the whole file is rejected because its header cannot be used.
 */
import { ALWAYS_REQUIRED, type Column, COLUMNS, foldHeader, isOwnHeader } from "../../domain/columns.ts";
import { reject, type Warning } from "../../domain/outcome.ts";
import type { Settings } from "../../domain/settings.ts";
import { nearestName } from "./nearest_name.ts";
import { cut, shown } from "./rules.ts";

/** A column that the roster has, and the positions of its values in a record: the first that is not empty counts. */
export interface PresentColumn {
  readonly column: Column;
  readonly positions: readonly number[];
}

/** What a header line came to. */
export interface Header {
  /** The headers as they stand in the file. */
  readonly names: readonly string[];
  /** The known columns, in the order of {@link COLUMNS}. */
  readonly present: readonly PresentColumn[];
  /** Positions of columns named `rosterd_*`: the file is a failed-records file that comes back. */
  readonly own: readonly number[];
  /** Headers that rosterd does not know; they are ignored. */
  readonly unknown: readonly string[];
  readonly warnings: readonly Warning[];
}

/** All names of all columns, folded, with the column and the rank of the name: a lower rank wins. */
export type KnownNames = ReadonlyMap<string, { column: string; rank: number }>;

/** The names of the contract's table, then those of `header_aliases`. */
export function knownNames(aliases: Settings["header_aliases"]): KnownNames {
  const known = new Map<string, { column: string; rank: number }>();
  const add = (name: string, column: string) => {
    const folded = foldHeader(name);
    if (!known.has(folded)) known.set(folded, { column, rank: known.size });
  };
  for (const { name } of COLUMNS) add(name, name);
  for (const { name, otherNames } of COLUMNS) for (const other of otherNames) add(other, name);
  for (const [alias, column] of Object.entries(aliases)) add(alias, column);
  return known;
}

/** Whether a header stands for this column. */
export function namesColumn(known: KnownNames, header: string, column: string): boolean {
  return known.get(foldHeader(header))?.column === column;
}

/** How many of the headers are known; decides between delimiters. */
export function countKnown(names: readonly string[], known: KnownNames): number {
  return names.filter((name) => known.has(foldHeader(name))).length;
}

/** Reads a header. Throws {@link RejectedFile} with one text that names everything that is wrong with it. */
export function readHeader(names: readonly string[], settings: Settings, line: number): Header {
  const known = knownNames(settings.header_aliases);
  const folded = names.map(foldHeader);
  const own = names.flatMap((name, position) => isOwnHeader(name) ? [position] : []);
  const unknown = names.filter((_, position) =>
    folded[position] !== "" && !known.has(folded[position]) && !own.includes(position)
  );
  const faults = [
    ...repeated(names, folded, known),
    ...missing(folded, known, settings, unknown),
    ...(settings.unknown_columns === "reject" ? unknown.map((name) => `${shown(name)} is not known${hint(name)}`) : []),
  ];
  if (names.length < 2) {
    faults.unshift("it has only one column: values must be separated by comma, semicolon, tab or |");
  }
  if (faults.length > 0) {
    const found = names.map(shown).join(", ");
    reject("header", `the header cannot be used: ${faults.join("; ")}. Headers found: ${cut(found, 2_000)}`, line);
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
    known.has(name) && folded.indexOf(name) < position ? [`${shown(names[position])} stands twice`] : []
  );
}

function missing(
  folded: readonly string[],
  known: KnownNames,
  settings: Settings,
  unknown: readonly string[],
): string[] {
  const present = new Set(folded.map((name) => known.get(name)?.column));
  const wanted = [...new Set([...ALWAYS_REQUIRED, ...settings.required_columns])];
  return wanted.filter((name) => !present.has(name)).map((name) => {
    const meant = unknown.find((header) => nearestName(header)?.column === name);
    return `there is no column ${name}${meant === undefined ? "" : ` (is ${shown(meant)} meant to be it?)`}`;
  });
}

function unknownWarning(unknown: readonly string[]): Warning[] {
  if (unknown.length === 0) return [];
  const list = [...new Set(unknown)].map((name) => `${shown(name)}${hint(name)}`).join(", ");
  return [{ code: "unknown_columns", text: cut(`columns that rosterd does not know were ignored: ${list}`, 2_000) }];
}

function hint(name: string): string {
  const nearest = nearestName(name);
  return nearest === null ? "" : ` (is ${nearest.name} meant?)`;
}

/** Whether a column must be filled by every record. */
export function isRequired(column: Column, settings: Settings): boolean {
  return ALWAYS_REQUIRED.includes(column.name) || settings.required_columns.includes(column.name);
}
