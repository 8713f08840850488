/**
 * Skips the records between wanted lines, so that a few records can be read again without reading the whole file.
 */
import type { LineMatcher } from "./line_matcher.ts";

const LF = 0x0a, CR = 0x0d, QUOTE = 0x22;

/** Marks letters and digits in a table of bytes. Blank lines and lines of dashes begin with other bytes. */
const isPlainStart = new Uint8Array(256);
for (const [from, to] of ["09", "AZ", "az"]) isPlainStart.fill(1, from.charCodeAt(0), to.charCodeAt(0) + 1);

export class OtherLines implements LineMatcher {
  /** The next wanted lines, in ascending order. After the last wanted line, no record is skipped. */
  #wanted: readonly number[] = [];
  #next = 0;
  #bytes: Uint8Array = new Uint8Array();
  /**
   * The offsets of the first quote and the first CR from the last line on, or -1. A line with a quote or a CR is never
   * skipped.
   */
  #quote = -1;
  #cr = -1;

  /** `delimiter` is a byte, and `values` the number of values in a record. */
  constructor(private readonly delimiter: number, private readonly values: number) {}

  want(lines: readonly number[]): void {
    this.#wanted = lines;
    this.#next = 0;
  }

  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#quote = bytes.indexOf(QUOTE);
    this.#cr = bytes.indexOf(CR);
  }

  skip(start: number, end: number, line: number): number {
    const bytes = this.#bytes, wanted = this.#wanted;
    while (this.#next < wanted.length && wanted[this.#next] < line) this.#next++;
    const isOther = this.#next < wanted.length && wanted[this.#next] > line;
    if (!isOther || isPlainStart[bytes[start]] === 0) return -1;
    const lineEnd = bytes.indexOf(LF, start);
    if (lineEnd < 0 || lineEnd >= end) return -1;
    if (this.#quote >= 0 && this.#quote < start) this.#quote = bytes.indexOf(QUOTE, start);
    if (this.#quote >= 0 && this.#quote < lineEnd) return -1;
    if (this.#cr >= 0 && this.#cr < start) this.#cr = bytes.indexOf(CR, start);
    if (this.#cr >= 0 && this.#cr < lineEnd - 1) return -1;
    let values = 1;
    for (let at = start; at < lineEnd; at++) if (bytes[at] === this.delimiter) values++;
    return values === this.values ? lineEnd : -1;
  }
}
