/** Guesses the column that an unknown header was meant to be, for messages only. */
import { COLUMNS, foldHeader } from "../../domain/columns.ts";

export interface NearName {
  name: string;
  column: string;
}

/** The known name nearest to a header; null if none is within one edit in four letters, three at most. */
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

/** The edit distance of two words (optimal string alignment); 4 if their lengths differ by more than three. */
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
