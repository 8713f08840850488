/**
 * The CSV reader: UTF-8 bytes in, batches of records out (docs/file-format.md#quoting).
 *
 * The reader does not decode text: a batch stores the offsets of its values. A record that cannot be read does not
 * affect other records. Memory use is limited by the size of one record.
 *
 * How one record is read:
 *
 *   start ─ blanks ─┬─ `"` ─► in quotes ─ `"` ─► after the quote: blanks, then delimiter or line ending
 *                   └─ other ► plain value ─────► up to the delimiter or line ending; a `"` in the value is stray
 *
 * - After a stray quote, text after a closing quote, or a quote that never closes, the end of the record is unknown.
 *   The reader then continues on the physical line after the one where the record began, so an unclosed quote costs
 *   only one record.
 * - If the available bytes end within a record, the record is read again from its start once twice as many bytes are
 *   available. The total cost stays linear.
 * - A record over the size limit is still read to its end. If a record exceeds four times the limit, its bytes are
 *   dropped, and the record ends with the physical line on which it began.
 * - A quoted value that looks like the end of one record and the beginning of another is treated as an unclosed quote.
 * - `row_widths.ts` decides how many values a record must have.
 * - A line feed is added after the last available byte, so that the inner loops need no bounds check.
 */
import { reject } from "../../domain/outcome.ts";
import { Batch, isUtf8, type Malformed, skipBlanks, trimBlanksBefore } from "./batch.ts";
import type { LineMatcher } from "./line_matcher.ts";
import type { ReadingNotes } from "./reading_notes.ts";
import { isRuledLine, type WidthCounts } from "./row_blocks.ts";
import { type RowsAhead, RowWidths, type WidthOptions } from "./row_widths.ts";

/** Limits for one record (docs/file-format.md#limits). */
export interface Limits {
  recordBytes: number;
  valueBytes: number;
  columns: number;
}

export const LIMITS: Limits = { recordBytes: 1 << 20, valueBytes: 64 << 10, columns: 1_000 };

/**
 * The minimum number of columns for this check. With fewer columns, a multi-line value could look like several records
 * by chance.
 */
const MIN_JOINED_VALUES = 8;

/**
 * Space for values that the checks replace in one batch. If the space runs out, the batch is moved to a larger buffer.
 */
const FREE_BYTES = 1 << 15;

/**
 * Size of the window for reading one record, as a multiple of the record size limit. A fixed window makes the result
 * independent of chunk boundaries.
 */
const WINDOW = 4;

export interface ReaderOptions extends WidthOptions {
  /** The delimiter as a byte. */
  delimiter: number;
  /** The physical line on which the bytes begin. */
  line: number;
  /** Whether to check for invalid UTF-8. The check is needed only if the file may contain invalid bytes. */
  validate: boolean;
  limits?: Limits;
  /** A matcher that skips records after the header, so that a batch may be empty. */
  matcher?: LineMatcher;
  /** Counts skipped lines and short records. */
  notes?: ReadingNotes;
}

const LF = 0x0a, CR = 0x0d, TAB = 0x09, SPACE = 0x20, QUOTE = 0x22;

// The meaning of each byte in a plain value and in a quoted value. Table lookups keep the innermost loop fast.
const PLAIN = 0, DELIMITER = 1, LINE_END = 2, QUOTE_MARK = 3, HIGH = 4, CONTROL = 5;

function meanings(delimiter: number): { plain: Uint8Array; quoted: Uint8Array } {
  const quoted = new Uint8Array(256).fill(CONTROL, 0, 0x20).fill(HIGH, 0x80);
  quoted[0x7f] = CONTROL;
  quoted[TAB] = PLAIN;
  quoted[LF] = quoted[CR] = LINE_END;
  quoted[QUOTE] = QUOTE_MARK;
  const plain = quoted.slice();
  plain[TAB] = CONTROL;
  plain[delimiter] = DELIMITER;
  return { plain, quoted };
}

/**
 * Reads records from chunks of UTF-8 bytes. The first record is the header, and every other record must have the same
 * number of values. A batch is valid until the next one is requested. Throws {@link RejectedFile} if the last record is
 * cut off.
 */
export async function* readRecords(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReaderOptions,
): AsyncGenerator<Batch> {
  const reader = new Reader(options);
  for await (const chunk of chunks) {
    reader.add(chunk);
    while (reader.fill()) yield reader.batch;
    // The consumer can yield to HTTP requests here, even if every record is skipped.
    if (options.matcher) yield reader.batch;
  }
  reader.finish();
  while (reader.fill()) yield reader.batch;
  reader.rejectOpenQuote();
}

// The possible outcomes of reading a value. After a negative outcome, reading cannot continue at the current position.
const VALUE_READ = 1, RECORD_READ = 2, MORE_NEEDED = -1, UNREADABLE = -2;

/** If only control characters such as end marks follow, no record was cut off. */
function isControlsOnly(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] > SPACE && bytes[at] !== 0x7f) return false;
  return true;
}

class Reader implements RowsAhead {
  readonly batch: Batch;
  readonly #limits: Limits;
  readonly #window: number;
  readonly #plain: Uint8Array;
  readonly #quoted: Uint8Array;
  /** The available bytes. The bytes from `#position` to `#end` are unread, and a line feed follows the last one. */
  #bytes: Uint8Array = new Uint8Array();
  #position = 0;
  #end = 0;
  #final = false;
  #line: number;
  readonly #widths: RowWidths;
  /** The bytes of the header, without its line ending. */
  #header = new Uint8Array();
  /** The number of bytes that must be available before an unfinished record is read again. */
  #wanted = 0;
  /** Whether the rest of a physical line is being skipped, and whether a quote is open at the position. */
  #skippingLine = false;
  #quoteOpen = false;

  // The record that is being read: its start, its number of values, the number of values up to the last non-empty one,
  // the number of line endings within quotes, and the reason if the record is malformed.
  #start = 0;
  #values = 0;
  #filled = 0;
  #linesWithin = 0;
  #problem: Malformed | null = null;
  #notAscii = false;

  constructor(readonly options: ReaderOptions) {
    this.#limits = options.limits ?? LIMITS;
    this.#window = WINDOW * this.#limits.recordBytes;
    ({ plain: this.#plain, quoted: this.#quoted } = meanings(options.delimiter));
    this.#line = options.line;
    this.#widths = new RowWidths(options);
    this.batch = new Batch(this.#limits.columns);
  }

  add(chunk: Uint8Array): void {
    const unread = this.#end - this.#position;
    if (unread + chunk.length + FREE_BYTES < this.#bytes.length) {
      this.#bytes.copyWithin(0, this.#position, this.#end);
    } else {
      const larger = new Uint8Array(2 * (unread + chunk.length) + FREE_BYTES);
      larger.set(this.#bytes.subarray(this.#position, this.#end));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, unread);
    this.#position = 0;
    this.#end = unread + chunk.length;
    this.#bytes[this.#end] = LF;
  }

  /** Call this method after the last chunk. */
  finish(): void {
    this.#final = true;
    this.#wanted = 0;
  }

  /** Reads as many records as the available bytes and the batch allow. Returns false if no record was read. */
  fill(): boolean {
    const batch = this.batch.begin(this.#bytes, this.#end + 1);
    if (this.#end - this.#position < this.#wanted) return false;
    this.#wanted = 0;
    const { matcher } = this.options, widths = this.#widths;
    matcher?.begin(this.#bytes);
    while (this.#position < this.#end && !batch.full) {
      // The survey comes before any record is skipped, because it must include every record.
      const surveyed = widths.header === 0 || widths.usual > 0 || this.#surveyUsualWidth();
      if (surveyed) {
        if (matcher && widths.header > 0 && !this.#skippingLine) this.#skipLines(matcher);
        if (this.#position === this.#end) break;
        if (this.#skippingLine ? this.#skipLine() : this.#readRecord()) continue;
      }
      this.#wanted = Math.min(2 * (this.#end - this.#start), this.#window + 1);
      this.#position = this.#start;
      break;
    }
    return batch.count > 0;
  }

  /**
   * Before the first record is read, determines how many values most records have. Returns false if more bytes are
   * needed.
   */
  #surveyUsualWidth(): boolean {
    this.#start = this.#position;
    const surveyed = this.#widths.surveyUsual(this, this.#line - 1);
    this.#position = this.#start;
    return surveyed;
  }

  #skipLines(matcher: LineMatcher): void {
    for (let lineEnd; (lineEnd = matcher.skip(this.#position, this.#end, this.#line)) >= 0;) {
      this.#position = lineEnd + 1;
      this.#line++;
      this.#widths.passUsual();
    }
  }

  /** Reads the record at the current position into the batch. Returns false if more bytes are needed. */
  #readRecord(): boolean {
    this.#beginRecord();
    const beyondWindow = this.#end - this.#start > this.#window;
    const outcome = beyondWindow
      ? this.#within(this.#start + this.#window, () => this.#readValues())
      : this.#readValues();
    if (outcome === RECORD_READ) return this.#endRecord();
    if (outcome === MORE_NEEDED) {
      if (!beyondWindow) return false;
      this.#problem = { kind: "record_too_long" };
    }
    return this.#resumeAtNextLine();
  }

  #beginRecord(): void {
    this.#start = this.#position;
    this.#values = this.#filled = this.#linesWithin = 0;
    this.#problem = null;
    this.#notAscii = false;
  }

  #readValues(): number {
    let outcome: number;
    do outcome = this.#readValue(); while (outcome === VALUE_READ);
    return outcome;
  }

  /** Reads as if the bytes ended at `edge`, so that the result does not depend on chunk boundaries. */
  #within<T>(edge: number, read: () => T): T {
    if (this.#end <= edge) return read();
    const bytes = this.#bytes, end = this.#end, final = this.#final, byte = bytes[edge];
    this.#end = edge;
    this.#final = false;
    bytes[edge] = LF;
    const outcome = read();
    bytes[edge] = byte;
    this.#final = final;
    this.#end = end;
    return outcome;
  }

  /** Reads one value and the delimiter or line ending after it. */
  #readValue(): number {
    const bytes = this.#bytes, meaning = this.#plain, from = this.#position;
    let at = from, flags = 0;
    for (;;) {
      while (meaning[bytes[at]] === PLAIN) at++;
      const found = meaning[bytes[at]];
      if (found <= LINE_END) break;
      if (found === QUOTE_MARK) {
        return skipBlanks(bytes, from, at) === at ? this.#readQuoted(at + 1) : this.#unreadable("stray_quote");
      }
      if (found === HIGH) flags |= this.#highFlags(at);
      else flags |= bytes[at] === TAB ? Batch.HAS_TAB : Batch.CONTROL;
      at++;
    }
    this.#storeTrimmed(from, at, flags);
    return this.#endValue(at);
  }

  /** Reads a quoted value. `from` is the offset after its opening quote. */
  #readQuoted(from: number): number {
    const bytes = this.#bytes, meaning = this.#quoted, end = this.#end;
    let at = from, flags = Batch.QUOTED, hasLines = false;
    for (;;) {
      while (meaning[bytes[at]] === PLAIN) at++;
      const found = meaning[bytes[at]];
      if (at >= end) return this.#openUpTo(end, from);
      if (found === QUOTE_MARK) {
        if (at + 1 === end && !this.#final) return this.#openUpTo(at, from);
        if (at + 1 === end || bytes[at + 1] !== QUOTE) break;
        flags |= Batch.DOUBLED_QUOTES;
        at++;
      } else if (found === LINE_END) {
        if (bytes[at] === CR && at + 1 === end && !this.#final) return this.#openUpTo(end, from);
        if (bytes[at] === CR && at + 1 < end && bytes[at + 1] === LF) at++;
        this.#linesWithin++;
        hasLines = true;
      } else flags |= found === HIGH ? this.#highFlags(at) : Batch.CONTROL;
      at++;
    }
    if (at - from > this.#limits.recordBytes) return this.#unreadable("quote_not_closed");
    const after = skipBlanks(bytes, at + 1, end, this.options.delimiter);
    if (after < end && this.#plain[bytes[after]] !== DELIMITER && this.#plain[bytes[after]] !== LINE_END) {
      const halfBlank = after + 1 === end && !this.#final;
      return halfBlank ? MORE_NEEDED : this.#unreadable("text_after_quote");
    }
    if (hasLines && this.#joinsRecords(from, at)) return this.#unreadable("quote_not_closed");
    this.#store(from, at, flags);
    return this.#endValue(after);
  }

  /**
   * Whether the quoted value consists of the end of one record, complete lines, and the beginning of another record up
   * to the same column. If so, the first record has a stray opening quote, which was closed by a quote in the other
   * record.
   */
  #joinsRecords(from: number, to: number): boolean {
    const bytes = this.#bytes, { delimiter } = this.options, before = this.#values;
    let delimiters = 0, width = 0;
    for (let at = from; at < to; at++) {
      if (bytes[at] === delimiter) delimiters++;
      if (bytes[at] !== LF && bytes[at] !== CR) continue;
      if (bytes[at] === CR && bytes[at + 1] === LF) at++;
      const found = width === 0 ? before + delimiters + 1 : delimiters + 1;
      if (found < MIN_JOINED_VALUES || (width > 0 && found !== width)) return false;
      width = found;
      delimiters = 0;
    }
    return delimiters === before && this.#widths.isExpected(width);
  }

  /** Handles a quote that is still open at `at`, where the available bytes end. The value begins at `from`. */
  #openUpTo(at: number, from: number): number {
    const waits = !this.#final && at - from <= this.#limits.recordBytes;
    return waits ? MORE_NEEDED : this.#unreadable("quote_not_closed");
  }

  #unreadable(kind: "stray_quote" | "text_after_quote" | "quote_not_closed"): number {
    this.#problem = { kind, value: this.#values };
    return UNREADABLE;
  }

  /** Moves past the delimiter or line ending at `at`. */
  #endValue(at: number): number {
    if (at >= this.#end) {
      this.#position = this.#end;
      return this.#final ? RECORD_READ : MORE_NEEDED;
    }
    if (this.#plain[this.#bytes[at]] !== DELIMITER) return this.#stepOverLineEnd(at) ? RECORD_READ : MORE_NEEDED;
    this.#position = at + 1;
    return VALUE_READ;
  }

  /** Returns false if the last available byte is a CR, because it may be half of a CRLF. */
  #stepOverLineEnd(at: number): boolean {
    if (this.#bytes[at] === CR) {
      if (at + 1 === this.#end && !this.#final) return false;
      if (at + 1 < this.#end && this.#bytes[at + 1] === LF) at++;
    }
    this.#position = at + 1;
    return true;
  }

  /** U+0080 to U+009F (C2 80 to C2 9F in UTF-8) are control characters too. */
  #highFlags(at: number): number {
    this.#notAscii = true;
    const next = this.#bytes[at + 1];
    return this.#bytes[at] === 0xc2 && next >= 0x80 && next < 0xa0 ? Batch.NOT_ASCII | Batch.CONTROL : Batch.NOT_ASCII;
  }

  #storeTrimmed(from: number, to: number, flags: number): void {
    const bytes = this.#bytes;
    to = trimBlanksBefore(bytes, from, to);
    if (from < to && (bytes[from] === SPACE || flags !== 0)) from = skipBlanks(bytes, from, to);
    if (flags & Batch.HAS_TAB && bytes.subarray(from, to).includes(TAB)) flags |= Batch.CONTROL;
    this.#store(from, to, flags);
  }

  #store(from: number, to: number, flags: number): void {
    if (to - from > this.#limits.valueBytes) this.#problem ??= { kind: "value_too_long", value: this.#values };
    if (flags & Batch.CONTROL) this.#problem ??= { kind: "control_character", value: this.#values };
    this.batch.put(this.#values++, from, to, flags);
    if (to > from) this.#filled = this.#values;
  }

  /**
   * Checks the record that ends before the current position. Returns false if more bytes are needed to check the block
   * of the record.
   */
  #endRecord(): boolean {
    const start = this.#start, end = this.#contentEnd(), widths = this.#widths;
    if (this.#filled === 0 || isRuledLine(this.#bytes, start, end, this.options.delimiter)) return this.#skipRow();
    if (widths.header > 0) {
      if (this.#values < widths.header && end === this.#end && !isControlsOnly(this.#bytes, start, end)) {
        this.#rejectCutOff();
      }
      if (this.#values !== widths.usual && this.#repeatsHeader(start, end)) return this.#skipRow();
      if (!widths.judge(this.#values, this)) return false;
    }
    const line = this.#line;
    this.#line += this.#linesWithin + 1;
    if (widths.header === 0) this.#header = this.#bytes.slice(start, end);
    const problem = this.#problemOfWhole(end - start);
    if (problem !== null && "found" in problem) widths.passOdd();
    else widths.pass();
    if (problem !== null) this.batch.endMalformed(line, start, this.#rawEnd(end), problem);
    else if (this.#values !== widths.usual) this.#endRecordOfBlock(line, start, end);
    else this.batch.endRecord(line, start, end, widths.header, this.#linesWithin);
    return true;
  }

  /**
   * Whether the record repeats the header. If records have surplus values, a repeated header has fewer values than a
   * record.
   */
  #repeatsHeader(start: number, end: number): boolean {
    const header = this.#header;
    return header.length === end - start && header.every((byte, at) => byte === this.#bytes[start + at]);
  }

  /** Skips a blank line, a line of dashes, or a repeated header. */
  #skipRow(): true {
    if (this.#filled > 0 && this.#widths.header > 0) this.options.notes?.skip(this.#line);
    if (this.#filled === 0) this.#widths.passBlank();
    else this.#widths.pass();
    this.#line += this.#linesWithin + 1;
    return true;
  }

  /**
   * Missing values count as empty. The meaning of such a record depends on its block, so the unchanged-record cache
   * never stores the record.
   */
  #endRecordOfBlock(line: number, start: number, end: number): void {
    const { header } = this.#widths;
    if (this.#values < header) this.options.notes?.addShort(line);
    for (let value = this.#values; value < header; value++) this.batch.put(value, end, end, 0);
    this.batch.endRecord(line, start, end, header, Batch.NEVER_KNOWN);
  }

  /** The number of delimiters outside quotes in the physical line at the position; null if more bytes are needed. */
  delimitersInNextLine(): number | null {
    const bytes = this.#bytes, { delimiter } = this.options, edge = this.#position + this.#limits.recordBytes;
    let at = this.#position, count = 0, isOpen = false;
    for (; bytes[at] !== LF && bytes[at] !== CR && at < edge; at++) {
      if (bytes[at] === QUOTE) isOpen = !isOpen;
      else if (bytes[at] === delimiter && !isOpen) count++;
    }
    return at < this.#end || this.#final ? count : null;
  }

  /**
   * Counts the values of the next `rows` rows, beginning with the current record. Returns null if more bytes are
   * needed, and no counts if the rows exceed the window.
   */
  countAhead(rows: number): WidthCounts | null {
    const start = this.#start, counts: WidthCounts = new Map();
    this.#position = start;
    const whole = this.#within(start + this.#window, () => {
      for (let row = 0; row < rows; row++) if (!this.#countRow(counts)) return this.#final;
      return true;
    });
    this.#position = start;
    this.#beginRecord();
    if (!whole && !this.#final && this.#end - start <= this.#window) return null;
    this.#readValues();
    return whole ? counts : new Map();
  }

  /**
   * Counts the row at the current position, unless the row is blank or cannot be read. Returns false if the available
   * bytes end.
   */
  #countRow(counts: WidthCounts): boolean {
    this.#beginRecord();
    if (this.#position >= this.#end) return false;
    const outcome = this.#readValues();
    if (outcome === MORE_NEEDED) return false;
    if (outcome === UNREADABLE) return this.#stepToNextLine();
    const isSkipped = this.#filled === 0 ||
      isRuledLine(this.#bytes, this.#start, this.#contentEnd(), this.options.delimiter);
    if (isSkipped) return true;
    this.#widths.count(counts, this.#values, this.#filled);
    return true;
  }

  /** Moves to the physical line after the one where the record began. Returns false if the available bytes end. */
  #stepToNextLine(): boolean {
    const bytes = this.#bytes;
    let at = this.#start;
    while (bytes[at] !== LF && bytes[at] !== CR) at++;
    return at < this.#end && this.#stepOverLineEnd(at);
  }

  /** The end of the record without its line ending; `#end` only if the file ends without one. */
  #contentEnd(): number {
    const bytes = this.#bytes, at = this.#position;
    if (bytes[at - 1] === LF) return at - 2 >= this.#start && bytes[at - 2] === CR ? at - 2 : at - 1;
    return bytes[at - 1] === CR ? at - 1 : at;
  }

  #problemOfWhole(length: number): Malformed | null {
    const widths = this.#widths, { header } = widths, found = this.#values;
    if (length > this.#limits.recordBytes) return { kind: "record_too_long" };
    if (this.#problem !== null) return this.#problem;
    if (this.#filled > (header || this.#limits.columns)) return { kind: "too_many_values", expected: header, found };
    if (header === 0) widths.header = Math.min(found, this.#limits.columns);
    else {
      const problem = widths.problemOf(found);
      if (problem !== null) return problem;
    }
    if (this.options.validate && this.#notAscii && !isUtf8(this.#bytes.subarray(this.#start, this.#start + length))) {
      return { kind: "not_utf8" };
    }
    return null;
  }

  /** Finishes a record whose end is unknown, then continues after the physical line on which it began. */
  #resumeAtNextLine(): boolean {
    const bytes = this.#bytes;
    let at = this.#start;
    while (bytes[at] !== LF && bytes[at] !== CR) at++;
    const found = at < this.#end;
    if (!found && !this.#final && this.#end - this.#start <= this.#window) return false;
    if (found && !this.#stepOverLineEnd(at)) return false;
    this.batch.endMalformed(this.#line, this.#start, this.#rawEnd(at), this.#problem!);
    this.#widths.pass();
    if (found) {
      this.#line++;
    } else {
      this.#position = this.#start;
      this.#skippingLine = true;
      this.#quoteOpen = false;
    }
    return true;
  }

  /** Limits how much of a malformed record's text is kept. */
  #rawEnd(end: number): number {
    return Math.min(end, this.#start + this.#limits.recordBytes);
  }

  /** Skips the available part of a line. Returns false at a CR that may be half of a CRLF. */
  #skipLine(): boolean {
    const bytes = this.#bytes;
    let at = this.#position;
    for (; bytes[at] !== LF && bytes[at] !== CR; at++) if (bytes[at] === QUOTE) this.#quoteOpen = !this.#quoteOpen;
    this.#start = at;
    if (at >= this.#end) {
      this.#position = this.#end;
      return true;
    }
    if (!this.#stepOverLineEnd(at)) return false;
    this.#line++;
    this.#skippingLine = false;
    return true;
  }

  /** Call this method after the last record. Throws {@link RejectedFile} if the file ends with a quote still open. */
  rejectOpenQuote(): void {
    if (!this.#skippingLine || !this.#quoteOpen || this.#problem?.kind !== "quote_not_closed") return;
    this.#rejectCutOff();
  }

  /** The reason for rejecting a cut-off upload (docs/upload-folder.md#cut-off-uploads). */
  #rejectCutOff(): never {
    const line = this.#line;
    reject("cut_off", `the file looks cut off at line ${line}: upload the whole file again`, line);
  }
}
