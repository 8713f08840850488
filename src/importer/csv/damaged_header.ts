/**
 * Detects a header that has lost a delimiter or has an extra one, so that its number of values differs from that of the
 * records. If the records were padded or cut, values would move into the wrong columns.
 */
import { foldHeader } from "../../domain/columns.ts";
import type { Header, KnownNames } from "../checks/header.ts";
import { widthsUpToGlued } from "./lost_line_ends.ts";

/**
 * Returns a function that tells whether records may have a given number of values, even though the header has a
 * different number.
 */
export function possibleWidths({ names }: Pick<Header, "names">, known: KnownNames): (width: number) => boolean {
  const folded = names.map((name) => foldHeader(name.replaceAll('"', "")));
  const hasMore = folded.some((_, at) => isSplit(folded, at, known));
  const hasLess = folded.some((name) => isTwoNames(name, known));
  const upToGlued = widthsUpToGlued({ names }, known);
  return (width) => width > names.length ? !hasLess : !hasMore && !upToGlued.has(width);
}

/** Whether an empty name precedes another name, or a known name is split across two columns. */
function isSplit(folded: readonly string[], at: number, known: KnownNames): boolean {
  const name = folded[at], next = folded[at + 1];
  if (name === "") return folded.slice(at).some((later) => later !== "");
  return next !== undefined && next !== "" && known.has(name + next) && !(known.has(name) && known.has(next));
}

function isTwoNames(name: string, known: KnownNames): boolean {
  if (known.has(name)) return false;
  return [...known.keys()].some((one) => name.startsWith(one) && known.has(name.slice(one.length)));
}
