/**
 * Decides how many values each record of a roster must have (docs/file-format.md#number-of-values). Follows the reader
 * row by row. If a record differs from most others, the reader reads ahead.
 */
import { reject } from "../../domain/outcome.ts";
import { grouped } from "../../runtime/grouped.ts";
import type { Malformed } from "./batch.ts";
import { BLOCK_ROWS, type BlockWidth, blockWidthOf, endOfBlock, usualWidthOf, type WidthCounts } from "./row_blocks.ts";

/**
 * The minimum number of rows with a wrong number of values, directly above a narrower block, that make the block
 * another table.
 */
const MIN_ODD_ROWS = 2;

/** Reads ahead without changing the reader's position. Both methods return null if more bytes are needed. */
export interface RowsAhead {
  /** Counts the values of the next `rows` rows, beginning with the current record, with {@link RowWidths.count}. */
  countAhead(rows: number): WidthCounts | null;
  /** The number of delimiters outside quotes in the physical line after the current record. */
  delimitersInNextLine(): number | null;
}

export interface WidthOptions {
  /** The number of rows above the header, such as title lines. The blocks of a spreadsheet include these rows. */
  rowsAbove?: number;
  /** Whether records may have this number of values even though the header has a different number. */
  isPossibleWidth?: (width: number) => boolean;
}

export class RowWidths {
  /** The number of values in the header; 0 until the header has been read. */
  header = 0;
  /** The number of values in most records, including surplus empty values; 0 before the first record. */
  usual = 0;
  /**
   * Maps each number of values to the number of surveyed records that have it. Includes only records that fill more
   * columns than the header names.
   */
  readonly #filledWidths: WidthCounts = new Map();
  /** The number of rows before the current one, including blank and malformed rows. */
  #row: number;
  /** The latest row with the usual number of values. */
  #usualRow = -1;
  /**
   * The end of the last block that was surveyed because of an unusual width, and the number of values that its records
   * must have.
   */
  #blockEnd = 0;
  #blockWidth: BlockWidth = { width: 0, most: 0 };
  /** The first row of the next block to check. */
  #nextBlockRow = 0;
  /**
   * The last row that was blank or had a wrong number of values, and the number of consecutive rows of this kind up to
   * that row. A blank row counts twice.
   */
  #oddRow = -1;
  #oddRows = 0;

  constructor(private readonly options: WidthOptions) {
    this.#row = options.rowsAbove ?? 0;
  }

  /** Moves to the next row. */
  pass(): void {
    this.#row++;
  }

  /** Moves past a record that has the usual number of values. */
  passUsual(): void {
    this.#usualRow = this.#row++;
  }

  /** Moves past a record that has a wrong number of values. */
  passOdd(): void {
    this.#passOdd(1);
  }

  passBlank(): void {
    this.#passOdd(MIN_ODD_ROWS);
  }

  #passOdd(rows: number): void {
    this.#oddRows = rows + (this.#oddRow === this.#row - 1 ? this.#oddRows : 0);
    this.#oddRow = this.#row++;
  }

  /** Counts a row that was read ahead. `filled`: the number of values up to the last non-empty one. */
  count(counts: WidthCounts, values: number, filled: number): void {
    if (filled <= this.header) addTo(counts, values);
    else if (this.usual === 0) addTo(this.#filledWidths, values);
  }

  /**
   * Before the first record is read, determines how many values most records have. Returns false if more bytes are
   * needed. Throws {@link RejectedFile} if the header, on line `headerLine`, does not fit.
   */
  surveyUsual(ahead: RowsAhead, headerLine: number): boolean {
    this.#filledWidths.clear();
    const counts = ahead.countAhead(BLOCK_ROWS);
    if (counts === null) return false;
    this.usual = usualWidthOf(counts, this.header);
    if (!this.#isPossible(this.usual)) this.#rejectHeader(headerLine);
    return true;
  }

  #isPossible(width: number): boolean {
    const { isPossibleWidth } = this.options;
    if (width === this.header || isPossibleWidth === undefined) return true;
    // A single wider record does not count, because it may simply have a note after its last column.
    return (this.#filledWidths.get(width) ?? 0) < 2 && isPossibleWidth(width);
  }

  /**
   * Decides how many values the current record must have. `values` is its actual number of values. Returns false if
   * more bytes are needed.
   */
  judge(values: number, ahead: RowsAhead): boolean {
    if (values !== this.usual) return this.#surveyBlock(ahead);
    if (this.#row >= this.#nextBlockRow) {
      // The first record of a block may be the only one with the usual number of values.
      const delimiters = ahead.delimitersInNextLine();
      if (delimiters === null || (delimiters !== this.usual - 1 && !this.#surveyBlock(ahead))) return false;
      this.#nextBlockRow = endOfBlock(this.#row);
    }
    this.#usualRow = this.#row;
    return true;
  }

  #surveyBlock(ahead: RowsAhead): boolean {
    if (this.#row < this.#blockEnd) return true;
    const blockEnd = endOfBlock(this.#row);
    const hasUsual = this.#usualRow >= 0 && endOfBlock(this.#usualRow) === blockEnd;
    const counts = hasUsual ? new Map() : ahead.countAhead(blockEnd - this.#row);
    if (counts === null) return false;
    this.#blockWidth = blockWidthOf(counts, this.usual);
    const { width } = this.#blockWidth;
    if (!this.#isPossible(width) || this.#isAnotherTable(width)) this.#blockWidth.width = 0;
    this.#blockEnd = blockEnd;
    return true;
  }

  /**
   * Whether another table seems to begin here, because a blank line or several rows with a wrong number of values are
   * directly above.
   */
  #isAnotherTable(width: number): boolean {
    const isBelowOdd = this.#oddRow === this.#row - 1 && this.#oddRows >= MIN_ODD_ROWS;
    return width < this.header && isBelowOdd && this.#usualRow >= 0;
  }

  /** Whether this number of values is correct for records at the current position. */
  isExpected(width: number): boolean {
    return width === this.usual || width === this.#blockWidth.width;
  }

  /**
   * The reason why the current record has the wrong number of values; null if the number is correct. Call {@link judge}
   * first.
   */
  problemOf(found: number): Malformed | null {
    if (found === this.usual && this.#row >= this.#blockEnd) return null;
    const { width, most } = this.#blockWidth, expected = this.header;
    if (found === width) return null;
    if (found < expected) return { kind: "too_few_values", expected, found };
    if (found === most) return { kind: "too_many_values", expected, found };
    return { kind: found < most ? "fewer_than_others" : "more_than_others", expected: most, found };
  }

  #rejectHeader(line: number): never {
    const columns = grouped(this.header), values = grouped(this.usual);
    reject(
      "header",
      `the header has ${columns} columns but most records have ${values} values: add the missing name or delimiter to the header`,
      line,
    );
  }
}

function addTo(counts: WidthCounts, width: number): void {
  counts.set(width, (counts.get(width) ?? 0) + 1);
}
