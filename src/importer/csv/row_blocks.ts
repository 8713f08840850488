/**
 * Decides from neighbouring rows whether a record may lack empty values at its end (docs/file-format.md#short-records). Pure.
 *
 * A spreadsheet saves CSV in blocks of 16 rows, each as wide as its widest row. So a record may be short only if its whole
 * block is. Among longer records it has lost a delimiter, and its values are in the wrong columns.
 */

/** The rows that a spreadsheet saves with one width. The first block begins with the first row of the file. */
export const BLOCK_ROWS = 16;

/** In a block with fewer of them, each short record may have lost a delimiter. */
const MIN_SHORT_RECORDS = 4;

/** Number of values → number of records with it. */
export type WidthCounts = Map<number, number>;

export function blockOf(row: number): number {
  return Math.floor(row / BLOCK_ROWS);
}

/**
 * The number of values of a short record in a block with these counts; 0 if none may be short. It is the width of the widest
 * records, because a shorter one has lost a delimiter.
 */
export function shortWidthOf(counts: WidthCounts, headerWidth: number): number {
  const widest = Math.max(0, ...counts.keys());
  const alike = counts.get(widest) ?? 0;
  return widest < headerWidth && alike >= MIN_SHORT_RECORDS && isMost(alike, counts) ? widest : 0;
}

/**
 * The number of values of most records if they end with surplus empty values; otherwise that of the header. A record with fewer
 * values, the last one empty, has lost a delimiter.
 */
export function usualWidthOf(counts: WidthCounts, headerWidth: number): number {
  for (const [width, records] of counts) if (width > headerWidth && isMost(records, counts)) return width;
  return headerWidth;
}

function isMost(records: number, counts: WidthCounts): boolean {
  let all = 0;
  for (const count of counts.values()) all += count;
  return 2 * records > all;
}

const isRuling = new Uint8Array(256), isBeside = new Uint8Array(256);
for (const character of "-=_*") isRuling[character.charCodeAt(0)] = 1;
for (const character of '+|:" \t') isBeside[character.charCodeAt(0)] = 1;

/** Whether a line from `start` to `end` has only dashes and the like, with delimiters. */
export function isRuledLine(bytes: Uint8Array, start: number, end: number, delimiter: number): boolean {
  let ruling = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (isRuling[byte] === 1) ruling++;
    else if (byte !== delimiter && isBeside[byte] === 0) return false;
  }
  return ruling > 0;
}
