/** Lets the reader recognize a record in the unchanged-record cache by the bytes of its line alone. */
import type { LineMatcher } from "../csv/line_matcher.ts";
import type { Digest } from "./digest.ts";
import { SKIPPED, type UnchangedTable, UNMET } from "./unchanged_table.ts";

/** The maximum length of a line to compare. A file whose lines end with CR looks like one very long line. */
const MAX_LINE_BYTES = 1 << 14;

const QUOTE = 0x22, LF = 0x0a, CR = 0x0d, SPACE = 0x20;

export class UnchangedMatcher implements LineMatcher {
  skipped = 0;
  #bytes: Uint8Array = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);
  /** Lines that begin before this offset cannot match. */
  #noMatchBefore = 0;

  /**
   * `digest` computes the digests of records, `delimiter` is a byte, and `position` is the position of the `unique_id`
   * in a record.
   */
  constructor(
    private readonly table: UnchangedTable,
    private readonly digest: Digest,
    private readonly delimiter: number,
    private readonly position: number,
  ) {}

  /** The reader calls this method after its buffer has changed or moved. */
  begin(bytes: Uint8Array): void {
    this.#noMatchBefore = 0;
    if (bytes === this.#bytes) return;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /**
   * If the record that begins at `start` is in the cache, skips it and returns the offset of its line feed. Otherwise
   * returns -1. Ignores bytes from `end` on.
   *
   * Quotes need no special handling: an earlier import read the same bytes, from the start of a record, as one complete
   * valid record.
   */
  skip(start: number, end: number): number {
    const { table, digest } = this;
    if (!table.isLoaded || start < this.#noMatchBefore) return -1;
    const lineEnd = this.#bytes.indexOf(LF, start);
    if (lineEnd < 0 || lineEnd >= end || lineEnd - start > MAX_LINE_BYTES) {
      this.#noMatchBefore = lineEnd < 0 ? end : lineEnd;
      return -1;
    }
    const slot = this.#slotOfRecord(start, lineEnd);
    if (slot < 0 || table.states[slot] !== UNMET) return -1;
    digest.take(this.#view, start, this.#bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd);
    if (!table.has(slot, digest.low, digest.high)) return -1;
    table.states[slot] = SKIPPED;
    this.skipped++;
    return lineEnd;
  }

  /**
   * The slot of the user to whom the record in a line seems to belong, or -1. A wrong guess is harmless, because the
   * digest of the record then does not match.
   */
  #slotOfRecord(start: number, lineEnd: number): number {
    const bytes = this.#bytes, delimiter = this.delimiter;
    let from = start;
    for (let position = this.position; position > 0; position--) {
      while (from < lineEnd && bytes[from] !== delimiter) from++;
      from++;
    }
    const isQuoted = bytes[from] === QUOTE;
    if (isQuoted) from++;
    const after = isQuoted ? QUOTE : delimiter;
    let to = from;
    while (to < lineEnd && bytes[to] !== after && bytes[to] !== CR) to++;
    while (to > from && bytes[to - 1] === SPACE) to--;
    return this.table.find(this.#view, from, to);
  }
}
