/**
 * Decides from neighboring rows how many values a record must have (docs/file-format.md#number-of-values). Pure
 * functions.
 *
 * A spreadsheet saves CSV in blocks of 16 rows, each as wide as its widest row. Therefore, a record may be shorter or
 * longer than other records only if its whole block is. A record that differs from its block has lost a delimiter or
 * has an extra one, so its values are in the wrong columns.
 */

/**
 * The number of consecutive rows that a spreadsheet saves with the same width. The first block begins with the first
 * row of the file.
 */
export const BLOCK_ROWS = 16;

/**
 * The minimum number of records of the same width. A smaller number of records may all have lost or gained a delimiter.
 */
const MIN_ALIKE = 4;

/** Maps each number of values to the number of records that have it. */
export type WidthCounts = Map<number, number>;

/** For a given row, the first row after its block. */
export function endOfBlock(row: number): number {
  return row - row % BLOCK_ROWS + BLOCK_ROWS;
}

/**
 * `width`: how many values each record of a block must have; 0 if uncertain. `most`: the number of values in the
 * majority of its records.
 */
export interface BlockWidth {
  width: number;
  most: number;
}

/**
 * Without a majority, the usual number of values applies. A majority with fewer values counts only if no record has
 * more: the wider record may belong to the roster, and the narrower records to another table.
 */
export function blockWidthOf(counts: WidthCounts, usual: number): BlockWidth {
  const most = majorityOf(counts, MIN_ALIKE) ?? usual;
  const isCertain = most >= usual || most === Math.max(...counts.keys());
  return { most, width: isCertain ? most : 0 };
}

/**
 * The number of values in most records, if surplus empty values make this number larger than the number of headers;
 * otherwise the number of headers.
 */
export function usualWidthOf(counts: WidthCounts, headerWidth: number): number {
  return Math.max(majorityOf(counts, 1) ?? 0, headerWidth);
}

function majorityOf(counts: WidthCounts, least: number): number | null {
  let all = 0;
  for (const count of counts.values()) all += count;
  for (const [width, count] of counts) if (count >= least && 2 * count > all) return width;
  return null;
}

const isRuling = new Uint8Array(256), isBeside = new Uint8Array(256);
for (const character of "-=_*") isRuling[character.charCodeAt(0)] = 1;
for (const character of '+|:" \t') isBeside[character.charCodeAt(0)] = 1;

/** Whether the line from `start` to `end` consists only of delimiters and dashes or similar characters. */
export function isRuledLine(bytes: Uint8Array, start: number, end: number, delimiter: number): boolean {
  let ruling = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (isRuling[byte] === 1) ruling++;
    else if (byte !== delimiter && isBeside[byte] === 0) return false;
  }
  return ruling > 0;
}
