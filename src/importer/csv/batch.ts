/**
 * A batch of records: the bytes they were read from, and where in them each record and each value stands.
 *
 * Made by `csv.ts` and reused for the next batch, so that reading a million records makes no million objects. Nobody
 * keeps a batch; whoever needs a value longer takes its text or copies its bytes.
 */
import { Buffer } from "node:buffer";

/** Why a record could not be read. `value` is the position of the value to blame, from 0. */
export type Malformed =
  | {
    kind: "stray_quote" | "text_behind_quote" | "quote_not_closed" | "control_character" | "value_too_long";
    value: number;
  }
  | { kind: "too_few_values" | "too_many_values" | "fewer_than_others"; expected: number; found: number }
  | { kind: "record_too_long" | "not_utf8" };

// So small that what is made of one batch, such as its problems, is gone before the collector of young objects comes by.
// With batches ten times as large, a million failures took 80 MiB more.
const VALUES = 1 << 13;
const RECORDS = 1 << 8;
const SHORT = 64;

export class Batch {
  // What is known of a value, as bits.
  /** It stood in quotes. */
  static readonly QUOTED = 1;
  /** It has `""` inside, which stands for one quote. */
  static readonly DOUBLED_QUOTES = 2;
  /** It has bytes above 0x7f. */
  static readonly NOT_ASCII = 4;
  /** It has a control character that no value may have. */
  static readonly CONTROL = 8;
  /** It is not in quotes and has a TAB, which is a blank at its ends and a control character within. */
  static readonly HAS_TAB = 16;
  /** Checked: it says nothing, the user keeps what is there. */
  static readonly KEEPS = 32;
  /** Checked: it clears what is there. */
  static readonly CLEARS = 64;

  /** In place of the line ends within a record: its bytes alone do not say what it means. */
  static readonly NEVER_KNOWN = -1;

  bytes: Uint8Array = new Uint8Array();
  /** The same bytes, to be read four at a time. */
  view = new DataView(this.bytes.buffer);
  /** How many records the batch has. */
  count = 0;
  /** Record i has the values from `firstValue[i]` up to `firstValue[i + 1]`. */
  readonly firstValue = new Int32Array(RECORDS + 1);
  /** The physical line on which record i begins. */
  readonly line = new Float64Array(RECORDS);
  /** How many line ends record i has within its values, or {@link NEVER_KNOWN}. */
  readonly linesWithin = new Int32Array(RECORDS);
  /** Record i stands at `bytes[recordStart[i]]` up to `bytes[recordEnd[i]]`, without its line end. */
  readonly recordStart = new Int32Array(RECORDS);
  readonly recordEnd = new Int32Array(RECORDS);
  /** Value v stands at `bytes[start[v]]` up to `bytes[end[v]]`, without quotes and outer blanks. */
  readonly start = new Int32Array(VALUES);
  readonly end = new Int32Array(VALUES);
  readonly flags = new Uint8Array(VALUES);
  /** The records that could not be read, by their position in the batch; they have no values. */
  readonly malformed = new Map<number, Malformed>();
  /** For the text of short values: a list for each length. */
  readonly #codes = Array.from({ length: SHORT + 1 }, (_, length) => new Array<number>(length).fill(0));
  /** The same bytes, for text of one character a byte. */
  #latin1: Buffer = Buffer.alloc(0);
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  /** `columns`: the most values that one record may have. */
  constructor(readonly columns: number) {}

  /** Empties the batch for records that stand in `bytes`. */
  begin(bytes: Uint8Array): this {
    if (this.bytes !== bytes) {
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      this.#latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.bytes = bytes;
    this.count = 0;
    this.firstValue[0] = 0;
    this.malformed.clear();
    return this;
  }

  get full(): boolean {
    return this.count === RECORDS || this.firstValue[this.count] + this.columns > VALUES;
  }

  /** Notes value number `value` of the record being read; values beyond the most that a record may have are only counted. */
  put(value: number, start: number, end: number, flags: number): void {
    if (value >= this.columns) return;
    const at = this.firstValue[this.count] + value;
    this.start[at] = start;
    this.end[at] = end;
    this.flags[at] = flags;
  }

  /** Ends the record being read: its values are the first `values` that were put. */
  endRecord(line: number, start: number, end: number, values: number, linesWithin = 0): void {
    const record = this.count++;
    this.line[record] = line;
    this.linesWithin[record] = linesWithin;
    this.recordStart[record] = start;
    this.recordEnd[record] = end;
    this.firstValue[record + 1] = this.firstValue[record] + values;
  }

  /** Ends the record being read as one that could not be read. */
  endMalformed(line: number, start: number, end: number, why: Malformed): void {
    this.malformed.set(this.count, why);
    this.endRecord(line, start, end, 0);
  }

  /** Takes a record, the header of the file for example, out of the batch. */
  drop(dropped: number): void {
    const { firstValue } = this, first = firstValue[dropped], behind = firstValue[dropped + 1];
    for (const list of [this.start, this.end, this.flags]) list.copyWithin(first, behind, firstValue[this.count]);
    for (const list of [this.line, this.linesWithin, this.recordStart, this.recordEnd]) {
      list.copyWithin(dropped, dropped + 1, this.count);
    }
    for (let record = dropped + 1; record < this.count; record++) {
      firstValue[record] = firstValue[record + 1] - (behind - first);
    }
    this.count--;
    const malformed = [...this.malformed];
    this.malformed.clear();
    for (const [record, why] of malformed) {
      if (record !== dropped) this.malformed.set(record < dropped ? record : record - 1, why);
    }
  }

  /** Puts the bytes of value `v` into the form in which they are meant: `""` becomes one quote. */
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

  /** Takes the blanks off both ends of value `v`. */
  trim(v: number): void {
    this.end[v] = trimBlanksBefore(this.bytes, this.start[v], this.end[v]);
    this.start[v] = skipBlanks(this.bytes, this.start[v], this.end[v]);
  }

  /** Puts what value `other` is into the place of value `v`. */
  putFrom(v: number, other: number): void {
    this.start[v] = this.start[other];
    this.end[v] = this.end[other];
    this.flags[v] = this.flags[other];
  }

  /** The text of value `v`, as it is meant. */
  text(v: number): string {
    const text = this.#decode(this.start[v], this.end[v], this.flags[v]);
    return this.flags[v] & Batch.DOUBLED_QUOTES ? text.replaceAll('""', '"') : text;
  }

  /** The values of record `record` as text, as they are meant; none when it could not be read. */
  values(record: number): string[] {
    const first = this.firstValue[record], behind = this.firstValue[record + 1];
    // A character for each byte of the record: cutting values out of it takes half the time of making each by itself.
    const from = this.recordStart[record];
    const bytewise = this.#latin1.toString("latin1", from, this.recordEnd[record]);
    const values = new Array<string>(behind - first);
    for (let v = first; v < behind; v++) {
      const asItStands = (this.flags[v] & (Batch.NOT_ASCII | Batch.DOUBLED_QUOTES)) === 0;
      values[v - first] = asItStands ? bytewise.slice(this.start[v] - from, this.end[v] - from) : this.text(v);
    }
    return values;
  }

  /** The text of a whole record, as it stands in the file. */
  recordText(record: number): string {
    return this.#decode(this.recordStart[record], this.recordEnd[record], Batch.NOT_ASCII);
  }

  #decode(start: number, end: number, flags: number): string {
    const bytes = this.bytes;
    if (flags & Batch.NOT_ASCII || end - start > SHORT) return this.#decoder.decode(bytes.subarray(start, end));
    // For the short values of a roster this takes a quarter of the decoder's time.
    const codes = this.#codes[end - start];
    for (let at = start; at < end; at++) codes[at - start] = bytes[at];
    return String.fromCharCode.apply(null, codes);
  }
}

const SPACE = 0x20, TAB = 0x09;

/** Where the blanks (space, TAB, no-break space) that begin at `from` end; at a delimiter in any case, and at `to`. */
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

/** Where the blanks that end at `to` begin; not before `from`. */
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

/** Whether bytes are valid UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
