/** Guesses which column a header that is not known was meant to be. Only for messages; nothing is decided by it. */
import { COLUMNS, foldHeader } from "../../domain/columns.ts";

/** A name that a header may have, and the column it stands for. */
export interface NearName {
  name: string;
  column: string;
}

/** The known name nearest to a header, or null when none is near: at most one edit in four letters, and never over three. */
export function nearestName(header: string): NearName | null {
  const folded = foldHeader(header);
  let nearest: NearName | null = null;
  let least = Math.min(3, Math.floor(folded.length / 4)) + 1;
  for (const column of COLUMNS) {
    for (const name of [column.name, ...column.otherNames]) {
      const distance = edits(folded, foldHeader(name));
      if (distance >= least) continue;
      least = distance;
      nearest = { name, column: column.name };
    }
  }
  return nearest;
}

/** The edit distance of two words: letters added, left out, replaced, or two neighbours swapped (optimal string alignment). */
export function edits(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return 4;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      next[column] = Math.min(last[column] + 1, next[column - 1] + 1, last[column - 1] + same);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        next[column] = Math.min(next[column], before[column - 2] + 1);
      }
    }
    before = last;
    last = next;
  }
  return last[b.length];
}
