/**
 * Finds the values that a file may have twice, in memory that does not grow with the number of records: a Bloom filter.
 *
 * It never misses a repetition, and seldom suspects a value that stands only once. So the database has to compare only
 * the few suspects with each other, instead of sorting a million values to find that none repeats.
 */
import { Batch } from "../csv/batch.ts";
import { Digest } from "./digest.ts";
import type { Header } from "../checks/header.ts";

/** A column whose values must be unique. */
interface Unique {
  digest: Digest;
  /** 0x20 where letter case of A–Z is ignored: it makes the two cases the same, and a few other characters. */
  fold: number;
}

function uniqueColumns(): Map<string, Unique> {
  return new Map([
    ["unique_id", { digest: new Digest(1, 0), fold: 0 }],
    ["user_name", { digest: new Digest(2, 0), fold: 0x20 }],
    ["email", { digest: new Digest(3, 0), fold: 0x20 }],
  ]);
}

/** More suspects than this are not listed: then every value is a suspect. */
const MAX_LISTED = 20_000;

export interface PossibleDuplicate {
  what: string;
  key: string;
}

export class DuplicateFilter {
  readonly #unique = uniqueColumns();
  readonly #words: Int32Array;
  readonly #mask: number;
  /** Of each record of a batch: where its value is noted, and by which bits; no bits: it has none. */
  readonly #places = new Int32Array(1 << 8);
  readonly #bits = new Int32Array(1 << 8);
  #list: PossibleDuplicate[] = [];
  /** Which records of the latest batch have a value that may have stood in an earlier one: 1, else 0. */
  readonly inBatch = new Uint8Array(1 << 8);

  /** `bytes`: the length of the text. Some 12 bits are set aside for each 64 bytes; from 32 KiB to 64 MiB in all. */
  constructor(bytes: number) {
    const wanted = Math.min(Math.max(bytes / 64 * 12, 1 << 18), 1 << 29);
    const size = 2 ** Math.ceil(Math.log2(wanted));
    this.#words = new Int32Array(size / 32);
    this.#mask = size / 32 - 1;
  }

  /** The suspects; null when there are too many to list. */
  get list(): readonly PossibleDuplicate[] | null {
    return this.#list.length > MAX_LISTED ? null : this.#list;
  }

  /** Takes note of the values of a checked batch. */
  note(batch: Batch, { present }: Header): void {
    this.inBatch.fill(0);
    for (const { column: { name }, positions } of present) {
      const unique = this.#unique.get(name);
      if (unique !== undefined) this.#noteColumn(batch, name, positions[0], unique);
    }
  }

  #noteColumn(batch: Batch, what: string, position: number, unique: Unique): void {
    this.#findPlaces(batch, position, unique);
    for (let record = 0; record < batch.count; record++) {
      if (!this.#addSeen(record)) continue;
      this.inBatch[record] = 1;
      if (this.#list.length > MAX_LISTED) continue;
      const key = batch.text(batch.firstValue[record] + position);
      this.#list.push({ what, key: unique.fold > 0 ? foldCase(key) : key });
    }
  }

  /** All of a batch before the first look: then the looks into memory need not wait for each other. */
  #findPlaces(batch: Batch, position: number, { digest, fold }: Unique): void {
    const { count, firstValue, start, end, flags, malformed } = batch;
    for (let record = 0; record < count; record++) {
      this.#bits[record] = 0;
      if (malformed.size > 0 && malformed.has(record)) continue;
      const value = firstValue[record] + position;
      if (start[value] === end[value] || flags[value] & Batch.CLEARS) continue;
      digest.take(batch.view, start[value], end[value], fold);
      const { low, high } = digest;
      this.#places[record] = low & this.#mask;
      // Three bits of one word: one look into memory a value, where three would be three.
      this.#bits[record] = (1 << high) | (1 << (high >>> 5)) | (1 << (high >>> 10));
    }
  }

  /** Adds the value of a record; true when it may have been added before. */
  #addSeen(record: number): boolean {
    const place = this.#places[record], bits = this.#bits[record];
    const before = this.#words[place];
    this.#words[place] = before | bits;
    return bits !== 0 && (before & bits) === bits;
  }
}

/** Letter case of A–Z ignored, as the database does it (contract, section 2). */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
