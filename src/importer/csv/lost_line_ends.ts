/** Detects rosters that lost some or all of their line endings, so that the header line contains records. */
import { foldHeader } from "../../domain/columns.ts";
import { reject } from "../../domain/outcome.ts";
import type { Header, KnownNames } from "../checks/header.ts";
import { cut, shown } from "../checks/rule.ts";

/** The possible numbers of values per record if the first record directly follows the last column name. */
export function widthsUpToGlued({ names }: Pick<Header, "names">, known: KnownNames): ReadonlySet<number> {
  return new Set(names.flatMap((name, at) => isGlued(name, known) ? [at + 1] : []));
}

/** Whether other text directly follows a known name, as in "first_nameu1". */
function isGlued(name: string, known: KnownNames): boolean {
  const folded = foldHeader(name);
  return !known.has(folded) && [...known.keys()].some((one) => folded.startsWith(one));
}

/**
 * Rejects a roster without records, unless every header is known. If all headers are known, the roster simply lists no
 * users.
 */
export function judgeWithoutRecords({ names, unknown }: Header, known: KnownNames): void {
  if (unknown.length === 0) return;
  const list = cut([...new Set(unknown)].map(shown).join(", "), 1_000);
  const repeats = new Set(unknown.map(foldHeader)).size < unknown.length;
  if (repeats || names.some((name) => isGlued(name, known))) {
    reject(
      "line_ends_lost",
      `the line breaks were lost, so records run into the header: export the roster again. Unknown headers: ${list}`,
    );
  }
  reject(
    "no_records",
    `the file has no records: export the roster again. Unknown headers: ${list}`,
  );
}
