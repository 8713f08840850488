/**
 * The records that would change nothing, told from their bytes alone: what is left of the nightly work when the registry sends
 * the same roster with few changes.
 *
 * For each user the database keeps a digest of the record that was applied last, and forgets it as soon as anybody changes the
 * user (migration 0005). The digest covers the bytes of the record as they stand in the roster, and all that gives them a
 * meaning: the header, the settings, the version of rosterd. A record with the same digest is known: it is counted and
 * passed over. All others are read, checked and compared as ever.
 */
import { createHash } from "node:crypto";
import manifest from "../../deno.json" with { type: "json" };
import type { Settings } from "../domain/settings.ts";
import type { Batch } from "./batch.ts";
import type { FoundProblems } from "./check.ts";
import { Digest } from "./digest.ts";
import type { Header } from "./header.ts";

/** Bytes of an entry, as the database keeps it: the key of the user and the digest of the record, 8 bytes each. */
export const ENTRY_BYTES = 16;

/** Of so many users records are kept, so that memory has a bound: some 50 MiB. Where there are more, none is. */
export const MOST_KNOWN = 1_000_000;

/** So many entries are kept together. */
const PIECE = 1 << 12;

/** More of them are not told one by one. */
export const MOST_REPEATED = 100_000;

/** A longer line is not looked at: a file whose lines end with CR would be one line. */
const LONGEST_LINE = 1 << 14;

/** Settings that say nothing of what a record does. */
const ELSEWHERE: ReadonlySet<string> = new Set<keyof Settings>([
  "interval_minutes",
  "settle_seconds",
  "reply_to_admin_email",
  "failed_import_email",
  "mail_on",
  "archive_guard",
  "bak_retention_days",
  "expected_every_hours",
  "smtp",
]);

/** All that gives the bytes of a record a meaning, as one text: the digests of two contexts have nothing in common. */
function contextOf(delimiter: string, header: Header, settings: Settings): string {
  const meant = Object.entries(settings).filter(([name]) => !ELSEWHERE.has(name)).sort();
  return JSON.stringify([manifest.version, delimiter, header.names, meant]);
}

/** Whoever is missing from a roster is found by reading all of it. */
export function canPassOver({ missing_users }: Settings): boolean {
  return missing_users === "keep";
}

// What is known of a slot: nothing was met yet; a record was passed over; a record was read; what is kept holds no more.
const UNMET = 0, PASSED = 1, READ = 2, FORGOTTEN = 3;

const QUOTE = 0x22, LF = 0x0a, CR = 0x0d, SPACE = 0x20;

export class KnownRecords {
  /** Users of whom a record was passed over and another one read: all their records are to be read after all. */
  readonly repeated = new Set<string>();
  readonly #digest: Digest;
  readonly #key = new Digest(0x2545f491, 0x4f6cdd1d);
  readonly #delimiter: number;
  /** Where the `unique_id` stands in a record. */
  readonly #position: number;
  /** Four numbers a slot: key and digest, two halves each. */
  #slots = new Int32Array(0);
  #states = new Uint8Array(0);
  #mask = 0;
  #size = 0;
  #passed = 0;
  #isLoaded = false;

  #bytes: Uint8Array = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);
  /** Up to here no line is worth a look. */
  #dullUpTo = 0;

  /** Digests of the batch at hand, two numbers a record. */
  readonly #noted = new Int32Array(1 << 9);
  /** Entries that are new: full pieces, and the one that is being filled. */
  #full: Int32Array[] = [];
  #fresh = new Int32Array(4 * PIECE);
  #freshLength = 0;
  #overflows = false;

  /** Knows nothing before {@link add}. */
  constructor(delimiter: string, header: Header, settings: Settings) {
    const seed = createHash("sha256").update(contextOf(delimiter, header, settings)).digest();
    this.#digest = new Digest(seed.readInt32LE(0), seed.readInt32LE(4));
    this.#delimiter = delimiter.charCodeAt(0);
    this.#position = header.present[0].positions[0];
  }

  /** How many records were passed over so far. */
  get passed(): number {
    return this.#passed;
  }

  /** Of how many users a record was loaded. */
  get size(): number {
    return this.#size;
  }

  /** Makes room for so many entries, before the first {@link add}. */
  expect(entries: number): void {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(entries * 4 / 3, 16)));
    this.#slots = new Int32Array(4 * slots);
    this.#states = new Uint8Array(slots);
    this.#mask = slots - 1;
    this.#isLoaded = entries > 0;
  }

  /** Adds entries as the database keeps them; of one user the last one counts. */
  add(entries: Uint8Array): void {
    const view = new DataView(entries.buffer, entries.byteOffset, entries.length), slots = this.#slots;
    this.#touch(view);
    for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
      const slot = this.#slotOf(view.getInt32(at, true), view.getInt32(at + 4, true));
      if (this.#isFree(slot)) this.#size++;
      for (let part = 0; part < 4; part++) slots[4 * slot + part] = view.getInt32(at + 4 * part, true);
    }
  }

  /** What is kept of this user holds no more: somebody changed them. */
  forget(uniqueId: string): void {
    if (!this.#isLoaded) return;
    const bytes = new TextEncoder().encode(uniqueId);
    this.#key.take(new DataView(bytes.buffer), 0, bytes.length);
    const slot = this.#find(this.#key.low, this.#key.high);
    if (slot >= 0) this.#states[slot] = FORGOTTEN;
  }

  /** The bytes at hand changed or moved. */
  begin(bytes: Uint8Array): void {
    this.#dullUpTo = 0;
    if (bytes === this.#bytes) return;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /**
   * Passes over the record that begins at `start` when it is known: answers with where its line end begins, and -1 when it has to
   * be read. Nothing at or behind `end` is looked at.
   *
   * Whatever stands in the line: the same bytes, read from the beginning of a record, made one whole good record before.
   */
  pass(start: number, end: number): number {
    if (!this.#isLoaded || start < this.#dullUpTo) return -1;
    const lineEnd = this.#bytes.indexOf(LF, start);
    if (lineEnd < 0 || lineEnd >= end || lineEnd - start > LONGEST_LINE) {
      this.#dullUpTo = lineEnd < 0 ? end : lineEnd;
      return -1;
    }
    const slot = this.#slotOfRecord(start, lineEnd);
    if (slot < 0 || this.#states[slot] !== UNMET) return -1;
    this.#digest.take(this.#view, start, this.#bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd);
    if (this.#slots[4 * slot + 2] !== this.#digest.low || this.#slots[4 * slot + 3] !== this.#digest.high) return -1;
    this.#states[slot] = PASSED;
    this.#passed++;
    return lineEnd;
  }

  /** Takes note of the bytes of the records of a batch, before a check changes them. */
  note({ count, view, recordStart, recordEnd, linesWithin }: Batch): void {
    for (let record = 0; record < count; record++) {
      // A record of several lines is not found by its first one: it has a digest that no line has.
      const isLine = linesWithin[record] === 0;
      if (isLine) this.#digest.take(view, recordStart[record], recordEnd[record]);
      this.#noted[2 * record] = isLine ? this.#digest.low : 0;
      this.#noted[2 * record + 1] = isLine ? this.#digest.high : 0;
    }
  }

  /** Keeps the good records of a batch that was noted and checked. */
  keep(batch: Batch, problems: FoundProblems): void {
    for (let record = 0; record < batch.count; record++) {
      if (batch.malformed.size > 0 && batch.malformed.has(record)) continue;
      const value = batch.firstValue[record] + this.#position;
      this.#key.take(batch.view, batch.start[value], batch.end[value]);
      const slot = this.#isLoaded ? this.#find(this.#key.low, this.#key.high) : -1;
      const isRepeated = slot >= 0 && this.#states[slot] === PASSED;
      if (isRepeated && this.repeated.size <= MOST_REPEATED) this.repeated.add(batch.text(value));
      // Whoever fails stays as they are, and what is kept of them holds.
      if (problems.size === 0 || !problems.has(record)) this.#keep(slot, record);
      if (slot >= 0 && this.#states[slot] === UNMET) this.#states[slot] = READ;
    }
  }

  /** What is new since it was loaded, in pieces as {@link add} takes them. */
  *fresh(): Generator<Uint8Array> {
    for (const piece of this.#full) yield asBytes(piece);
    if (this.#freshLength > 0) yield asBytes(this.#fresh.subarray(0, this.#freshLength));
  }

  /** What was loaded and still holds, in the same form. */
  *loaded(): Generator<Uint8Array> {
    let piece = new Int32Array(4 * PIECE), length = 0;
    for (let slot = 0; slot < this.#states.length; slot++) {
      if (this.#isFree(slot) || this.#states[slot] === FORGOTTEN) continue;
      piece.set(this.#slots.subarray(4 * slot, 4 * slot + 4), length);
      length += 4;
      if (length < piece.length) continue;
      yield asBytes(piece);
      piece = new Int32Array(4 * PIECE);
      length = 0;
    }
    if (length > 0) yield asBytes(piece.subarray(0, length));
  }

  /** Whether there are more users than can be kept. */
  get overflows(): boolean {
    return this.#overflows;
  }

  #keep(slot: number, record: number): void {
    const low = this.#noted[2 * record], high = this.#noted[2 * record + 1];
    const isKept = slot >= 0 && this.#states[slot] !== FORGOTTEN && this.#slots[4 * slot + 2] === low &&
      this.#slots[4 * slot + 3] === high;
    if (isKept || this.overflows) return;
    const at = this.#freshLength;
    this.#fresh[at] = this.#key.low;
    this.#fresh[at + 1] = this.#key.high;
    this.#fresh[at + 2] = low;
    this.#fresh[at + 3] = high;
    this.#freshLength += 4;
    if (this.#freshLength === this.#fresh.length) this.#beginPiece();
  }

  #beginPiece(): void {
    this.#full.push(this.#fresh);
    if (this.#full.length * PIECE > MOST_KNOWN) {
      this.#full = [];
      this.#overflows = true;
    }
    this.#fresh = new Int32Array(4 * PIECE);
    this.#freshLength = 0;
  }

  /** The slot of the user whom the record in a line seems to be of, or -1. A wrong guess finds no digest that is the same. */
  #slotOfRecord(start: number, lineEnd: number): number {
    const bytes = this.#bytes, delimiter = this.#delimiter;
    let from = start;
    for (let position = this.#position; position > 0; position--) {
      while (from < lineEnd && bytes[from] !== delimiter) from++;
      from++;
    }
    const isQuoted = bytes[from] === QUOTE;
    if (isQuoted) from++;
    const behind = isQuoted ? QUOTE : delimiter;
    let to = from;
    while (to < lineEnd && bytes[to] !== behind && bytes[to] !== CR) to++;
    while (to > from && bytes[to - 1] === SPACE) to--;
    this.#key.take(this.#view, from, to);
    return this.#find(this.#key.low, this.#key.high);
  }

  /** Looks at where entries belong before anything depends on it: then the looks into memory need not wait for each other. */
  #touch(entries: DataView): number {
    const slots = this.#slots, mask = this.#mask;
    let seen = 0;
    for (let at = 0; at < entries.byteLength; at += ENTRY_BYTES) seen |= slots[4 * (entries.getInt32(at, true) & mask)];
    return seen;
  }

  #find(low: number, high: number): number {
    const slot = this.#slotOf(low, high);
    return this.#isFree(slot) ? -1 : slot;
  }

  /** The slot of a key: the one that has it, or the free one where it belongs. */
  #slotOf(low: number, high: number): number {
    const slots = this.#slots, mask = this.#mask;
    for (let slot = low & mask;; slot = (slot + 1) & mask) {
      if (slots[4 * slot] === low && slots[4 * slot + 1] === high) return slot;
      if (slots[4 * slot] === 0 && slots[4 * slot + 1] === 0) return slot;
    }
  }

  #isFree(slot: number): boolean {
    return this.#slots[4 * slot] === 0 && this.#slots[4 * slot + 1] === 0;
  }
}

function asBytes(numbers: Int32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
