/**
 * Rosters whose line ends got lost, in part or all: then the header line has swallowed records, and what is left of the roster
 * may look good. Used when the header is read, and again when the roster has no record.
 */
import { foldHeader } from "../../domain/columns.ts";
import { reject } from "../../domain/outcome.ts";
import type { Header, KnownNames } from "../checks/header.ts";
import { cut, shown } from "../checks/rules.ts";

/** The numbers of values that records have when the last of their headers swallowed the beginning of the first record. */
export function widthsUpToGlued({ names }: Pick<Header, "names">, known: KnownNames): ReadonlySet<number> {
  return new Set(names.flatMap((name, at) => isGlued(name, known) ? [at + 1] : []));
}

/** Whether a header begins with a known name and goes on: "first_nameu1". */
function isGlued(name: string, known: KnownNames): boolean {
  const folded = foldHeader(name);
  return !known.has(folded) && [...known.keys()].some((one) => folded.startsWith(one));
}

/** Judges a roster without records. Throws `RejectedFile` unless its header is as it should be: then nobody is on the roster. */
export function judgeWithoutRecords({ names, unknown }: Header, known: KnownNames): void {
  if (unknown.length === 0) return;
  const list = cut([...new Set(unknown)].map(shown).join(", "), 1_000);
  const repeats = new Set(unknown.map(foldHeader)).size < unknown.length;
  if (repeats || names.some((name) => isGlued(name, known))) {
    reject(
      "line_ends_lost",
      "the file has only one line, and it goes on behind the header: the line ends got lost. " +
        `Export the roster again. Not known as headers: ${list}`,
    );
  }
  reject(
    "no_records",
    `the file has no records, and rosterd does not know ${
      unknown.length === 1 ? "one of its headers" : "some of its headers"
    }: ` +
      `${list}. Export the roster again, or drop the unknown columns`,
  );
}
