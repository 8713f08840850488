/**
 * What the neighbours of a record say of empty values that are left out or added at its end. Pure; used by `csv.ts`.
 *
 * A spreadsheet saves CSV in blocks of 16 rows, each as wide as its widest row. So a record may be short only where its whole block
 * is: among longer records it has lost a delimiter, and its values stand in the wrong columns.
 */

/** How many rows a spreadsheet saves with one width. The first block begins with the first row of the file. */
export const BLOCK_ROWS = 16;

/** A short block of fewer records says too little: each of them may have lost a delimiter. */
const MIN_SHORT_RECORDS = 4;

/** How many values → how many records have so many. */
export type WidthCounts = Map<number, number>;

export function blockOf(row: number): number {
  return Math.floor(row / BLOCK_ROWS);
}

/**
 * How many values a short record must have in a block whose records have so many values; 0: none may be short. The widest records
 * give the width of the block; one that is shorter still has lost a delimiter.
 */
export function shortWidthOf(counts: WidthCounts, headerWidth: number): number {
  const widest = Math.max(0, ...counts.keys());
  const alike = counts.get(widest) ?? 0;
  return widest < headerWidth && alike >= MIN_SHORT_RECORDS && isMost(alike, counts) ? widest : 0;
}

/**
 * How many values the records of a file have when most of them end with surplus empty values; otherwise that of the header. A
 * record that has fewer, the last one empty, has lost a delimiter.
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

/** Whether a line, which stands from `start` up to `end`, only separates: dashes and the like, with delimiters. */
export function isRuledLine(bytes: Uint8Array, start: number, end: number, delimiter: number): boolean {
  let ruling = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (isRuling[byte] === 1) ruling++;
    else if (byte !== delimiter && isBeside[byte] === 0) return false;
  }
  return ruling > 0;
}
