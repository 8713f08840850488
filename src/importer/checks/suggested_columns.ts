/** Suggests columns for unknown headers, based on the names that other systems use and on similar spelling. */
import { foldHeader, isOwnHeader } from "../../domain/columns.ts";
import type { Settings } from "../../domain/settings.ts";
import { type KnownNames, knownNames } from "./header.ts";
import { nearestName } from "./nearest_name.ts";
import { foldWord, HEADER_WORDS } from "./other_words.ts";

export interface Names {
  /** The unknown headers. Of headers that differ only in spelling, only the first is included. */
  unknown: string[];
  /** Maps each column in the file to the header whose values are used first. */
  headerOf: ReadonlyMap<string, string>;
}

export function readNames(headers: readonly string[], settings: Settings): Names {
  const known: KnownNames = knownNames(settings.header_aliases);
  const unknown = new Map<string, string>(), headerOf = new Map<string, { header: string; rank: number }>();
  for (const header of headers) {
    const folded = foldHeader(header), entry = known.get(folded);
    if (entry !== undefined) {
      const before = headerOf.get(entry.column);
      if (before === undefined || entry.rank < before.rank) headerOf.set(entry.column, { header, rank: entry.rank });
    } else if (folded !== "" && !isOwnHeader(header) && !unknown.has(folded)) unknown.set(folded, header.trim());
  }
  return {
    // A file with a single header uses another delimiter or is not a roster.
    unknown: headers.length < 2 ? [] : [...unknown.values()],
    headerOf: new Map([...headerOf].map(([column, { header }]) => [column, header])),
  };
}

/**
 * Maps headers to columns that the file lacks. A name that another system uses takes precedence over a similar
 * spelling.
 */
export function suggestColumns({ unknown, headerOf }: Names): ReadonlyMap<string, string> {
  const suggested = new Map<string, string>();
  const taken = new Set(headerOf.keys());
  const suggest = (header: string | undefined, column: string) => {
    if (header === undefined || taken.has(column) || suggested.has(header)) return;
    suggested.set(header, column);
    taken.add(column);
  };
  for (const [column, words] of HEADER_WORDS) {
    const free = unknown.filter((header) => !suggested.has(header));
    const best = words.map((word) => free.find((header) => foldWord(header) === word)).find((one) => one !== undefined);
    suggest(best, column);
  }
  for (const header of unknown) {
    const nearest = nearestName(header);
    if (nearest !== null) suggest(header, nearest.column);
  }
  return suggested;
}

/** Adds the column names of other systems as aliases, so that a header with such names can be found. */
export function withOtherWords(settings: Settings): Settings {
  const known = knownNames(settings.header_aliases);
  const words = [...HEADER_WORDS].flatMap(([column, words]) => words.map((word) => [word, column] as const));
  // If two columns share a name, the first column gets the name. The list is reversed, because the last entry wins.
  const aliases = Object.fromEntries(words.filter(([word]) => !known.has(word)).reverse());
  return { ...settings, header_aliases: { ...aliases, ...settings.header_aliases } };
}
