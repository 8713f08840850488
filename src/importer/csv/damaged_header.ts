/**
 * Notices a header that has lost a delimiter or has one too many. Its records have other numbers of values then, and must not be
 * filled up or cut to its width: each value would come into the column beside its own.
 */
import { foldHeader } from "../../domain/columns.ts";
import type { Header, KnownNames } from "../checks/header.ts";
import { widthsUpToGlued } from "./lost_line_ends.ts";

/** Whether records may have that many values, which are fewer or more than in the header. */
export function possibleWidths({ names }: Pick<Header, "names">, known: KnownNames): (width: number) => boolean {
  const folded = names.map((name) => foldHeader(name.replaceAll('"', "")));
  const hasMore = folded.some((_, at) => isSplit(folded, at, known));
  const hasLess = folded.some((name) => isTwoNames(name, known));
  const upToGlued = widthsUpToGlued({ names }, known);
  return (width) => width > names.length ? !hasLess : !hasMore && !upToGlued.has(width);
}

/** An empty name with another one after it, or one known name in two columns. */
function isSplit(folded: readonly string[], at: number, known: KnownNames): boolean {
  const name = folded[at], next = folded[at + 1];
  if (name === "") return folded.slice(at).some((later) => later !== "");
  return next !== undefined && next !== "" && known.has(name + next) && !(known.has(name) && known.has(next));
}

function isTwoNames(name: string, known: KnownNames): boolean {
  if (known.has(name)) return false;
  return [...known.keys()].some((one) => name.startsWith(one) && known.has(name.slice(one.length)));
}
