/** Suggests the known word closest to a mistyped one. The suggestion is used only in messages. */

/**
 * The candidate closest to the word; null if none is close enough. One edit is allowed for every four letters, up to
 * three edits.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let found: string | null = null;
  let least = Math.min(3, Math.floor(word.length / 4)) + 1;
  for (const candidate of candidates) {
    const distance = edits(word, candidate);
    if (distance >= least) continue;
    least = distance;
    found = candidate;
  }
  return found;
}

/**
 * The edit distance between two words (optimal string alignment). If the lengths of the words differ by more than
 * three, the distance is 4.
 */
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
