/**
 * A batch of records: the bytes of the records, and the offset of each record and each value.
 *
 * `csv.ts` reuses one batch object for all batches, so that a million records do not create a million objects. To keep
 * a value, decode it or copy its bytes.
 */
import { Buffer } from "node:buffer";

/** The reason why a record could not be read. `value` is the zero-based position of the bad value. */
export type Malformed =
  | {
    kind: "stray_quote" | "text_after_quote" | "quote_not_closed" | "control_character" | "value_too_long";
    value: number;
  }
  | {
    kind: "too_few_values" | "too_many_values" | "fewer_than_others" | "more_than_others";
    expected: number;
    found: number;
  }
  | { kind: "record_too_long" | "not_utf8" };

// The maximum number of records in a batch. With batches ten times as large, a million failures needed 80 MiB more,
// because the garbage collector freed the problems later.
const VALUES = 1 << 13;
const RECORDS = 1 << 8;
const SHORT = 64;

export class Batch {
  // The flags of a value.
  /** The value was quoted. */
  static readonly QUOTED = 1;
  /** The value contains `""`, which represents one quote. */
  static readonly DOUBLED_QUOTES = 2;
  /** The value has bytes above 0x7f. */
  static readonly NOT_ASCII = 4;
  static readonly CONTROL = 8;
  /**
   * The value is unquoted and has a TAB. A TAB at either end is a blank; a TAB inside the value is a control character.
   */
  static readonly HAS_TAB = 16;
  /** The user keeps the current value. The checks set this flag. */
  static readonly KEEPS = 32;
  /** The user's current value is cleared. The checks set this flag. */
  static readonly CLEARS = 64;

  /**
   * For a record whose meaning depends on other records, this value replaces the number of line endings. The
   * unchanged-record cache never stores such a record.
   */
  static readonly NEVER_KNOWN = -1;

  bytes: Uint8Array = new Uint8Array();
  /** A view of `bytes` for reading four bytes at a time. */
  view = new DataView(this.bytes.buffer);
  count = 0;
  /** Record i has the values from `firstValue[i]` up to `firstValue[i + 1]`. */
  readonly firstValue = new Int32Array(RECORDS + 1);
  /** The physical line on which record i begins. */
  readonly line = new Float64Array(RECORDS);
  /** The number of line endings within the values of record i, or {@link NEVER_KNOWN}. */
  readonly linesWithin = new Int32Array(RECORDS);
  /** Record i spans `bytes[recordStart[i]]` to `bytes[recordEnd[i]]`, without its line ending. */
  readonly recordStart = new Int32Array(RECORDS);
  readonly recordEnd = new Int32Array(RECORDS);
  /** Value v spans `bytes[start[v]]` to `bytes[end[v]]`, without quotes and surrounding blanks. */
  readonly start = new Int32Array(VALUES);
  readonly end = new Int32Array(VALUES);
  readonly flags = new Uint8Array(VALUES);
  /** The records that could not be read, by position in the batch. These records have no values. */
  readonly malformed = new Map<number, Malformed>();
  /** Scratch arrays for decoding short values, one per length. */
  readonly #codes = Array.from({ length: SHORT + 1 }, (_, length) => new Array<number>(length).fill(0));
  /** The offset where the next replacement is written, after the bytes of the records. */
  #free = 0;
  /** The bytes as a string, with one character per byte. */
  #latin1: Buffer = Buffer.alloc(0);
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  /** `columns` is the maximum number of values of a record. */
  constructor(readonly columns: number) {}

  /** Empties the batch and sets its bytes. Bytes from offset `free` on may be overwritten. */
  begin(bytes: Uint8Array, free = bytes.length): this {
    this.#use(bytes);
    this.#free = free;
    this.count = 0;
    this.firstValue[0] = 0;
    this.malformed.clear();
    return this;
  }

  #use(bytes: Uint8Array): void {
    if (this.bytes === bytes) return;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get full(): boolean {
    return this.count === RECORDS || this.firstValue[this.count] + this.columns > VALUES;
  }

  /**
   * Adds a value to the record that is being read, unless the record has too many values. `value` is the value's
   * position in the record.
   */
  put(value: number, start: number, end: number, flags: number): void {
    if (value >= this.columns) return;
    const at = this.firstValue[this.count] + value;
    this.start[at] = start;
    this.end[at] = end;
    this.flags[at] = flags;
  }

  /** Ends the record that is being read. The record keeps its first `values` values. */
  endRecord(line: number, start: number, end: number, values: number, linesWithin = 0): void {
    const record = this.count++;
    this.line[record] = line;
    this.linesWithin[record] = linesWithin;
    this.recordStart[record] = start;
    this.recordEnd[record] = end;
    this.firstValue[record + 1] = this.firstValue[record] + values;
  }

  endMalformed(line: number, start: number, end: number, why: Malformed): void {
    this.malformed.set(this.count, why);
    this.endRecord(line, start, end, 0);
  }

  /** Removes a record, such as the header, from the batch. */
  drop(dropped: number): void {
    const { firstValue } = this, first = firstValue[dropped], next = firstValue[dropped + 1];
    for (const list of [this.start, this.end, this.flags]) list.copyWithin(first, next, firstValue[this.count]);
    for (const list of [this.line, this.linesWithin, this.recordStart, this.recordEnd]) {
      list.copyWithin(dropped, dropped + 1, this.count);
    }
    for (let record = dropped + 1; record < this.count; record++) {
      firstValue[record] = firstValue[record + 1] - (next - first);
    }
    this.count--;
    const malformed = [...this.malformed];
    this.malformed.clear();
    for (const [record, why] of malformed) {
      if (record !== dropped) this.malformed.set(record < dropped ? record : record - 1, why);
    }
  }

  unescapeQuotes(v: number): void {
    const bytes = this.bytes;
    let to = this.start[v];
    for (let from = to; from < this.end[v]; from++) {
      bytes[to++] = bytes[from];
      if (bytes[from] === 0x22) from++;
    }
    this.end[v] = to;
    this.flags[v] &= ~Batch.DOUBLED_QUOTES;
  }

  trim(v: number): void {
    this.end[v] = trimBlanksBefore(this.bytes, this.start[v], this.end[v]);
    this.start[v] = skipBlanks(this.bytes, this.start[v], this.end[v]);
  }

  /** Replaces value `v` with value `other`. */
  putFrom(v: number, other: number): void {
    this.start[v] = this.start[other];
    this.end[v] = this.end[other];
    this.flags[v] = this.flags[other];
  }

  /** Replaces value `v` with text that is not in the record. Valid until the next batch. */
  replace(v: number, text: Uint8Array, flags: number): void {
    const start = this.#free, end = start + text.length;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.bytes);
      this.#use(larger);
    }
    this.bytes.set(text, start);
    this.#free = end;
    this.start[v] = start;
    this.end[v] = end;
    this.flags[v] = flags;
  }

  text(v: number): string {
    const text = this.#decode(this.start[v], this.end[v], this.flags[v]);
    return this.flags[v] & Batch.DOUBLED_QUOTES ? text.replaceAll('""', '"') : text;
  }

  /** The values of a record as text; empty if the record could not be read. */
  values(record: number): string[] {
    const first = this.firstValue[record], end = this.firstValue[record + 1];
    // Decoding the whole record and slicing the string takes half as long as decoding each value.
    const from = this.recordStart[record];
    const bytewise = this.#latin1.toString("latin1", from, this.recordEnd[record]);
    const values = new Array<string>(end - first);
    for (let v = first; v < end; v++) {
      const isPlain = (this.flags[v] & (Batch.NOT_ASCII | Batch.DOUBLED_QUOTES)) === 0;
      values[v - first] = isPlain ? bytewise.slice(this.start[v] - from, this.end[v] - from) : this.text(v);
    }
    return values;
  }

  /** The text of a whole record, exactly as in the file. */
  recordText(record: number): string {
    return this.#decode(this.recordStart[record], this.recordEnd[record], Batch.NOT_ASCII);
  }

  #decode(start: number, end: number, flags: number): string {
    const bytes = this.bytes;
    if (flags & Batch.NOT_ASCII || end - start > SHORT) return this.#decoder.decode(bytes.subarray(start, end));
    // For short values, this loop takes a quarter of the decoder's time.
    const codes = this.#codes[end - start];
    for (let at = start; at < end; at++) codes[at - start] = bytes[at];
    return String.fromCharCode.apply(null, codes);
  }
}

const SPACE = 0x20, TAB = 0x09;

/** The end of the blanks (space, TAB, no-break space) that begin at `from`. Stops at a delimiter or at `to`. */
export function skipBlanks(bytes: Uint8Array, from: number, to: number, delimiter = 0): number {
  let at = from;
  while (at < to) {
    const byte = bytes[at];
    if (byte === SPACE || (byte === TAB && delimiter !== TAB)) at++;
    else if (byte === 0xc2 && at + 1 < to && bytes[at + 1] === 0xa0) at += 2;
    else break;
  }
  return at;
}

/** The start of the blanks before `to`, but at least `from`. */
export function trimBlanksBefore(bytes: Uint8Array, from: number, to: number): number {
  let at = to;
  while (at > from) {
    const byte = bytes[at - 1];
    if (byte === SPACE || byte === TAB) at--;
    else if (byte === 0xa0 && at - 2 >= from && bytes[at - 2] === 0xc2) at -= 2;
    else break;
  }
  return at;
}

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
