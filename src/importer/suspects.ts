/**
 * Finds the values that a file may have twice, in memory that does not grow with the number of records: a Bloom filter.
 *
 * It never misses a repetition, and seldom suspects a value that stands only once. So the database has to compare only
 * the few suspects with each other, instead of sorting a million values to find that none repeats.
 */
import type { Column } from "../domain/columns.ts";
import { Batch } from "./batch.ts";

/** The columns whose values must be unique: whether letter case of A–Z is ignored, and what sets their hashes apart. */
const UNIQUE = new Map([
  ["unique_id", { folds: false, salt: 0x9e3779b1 }],
  ["user_name", { folds: true, salt: 0x7feb352d }],
  ["email", { folds: true, salt: 0x846ca68b }],
]);

/** More suspects than this are not listed: then every value is a suspect. */
const MOST_LISTED = 100_000;

export interface Suspect {
  what: string;
  key: string;
}

export class Suspects {
  readonly #words: Int32Array;
  readonly #mask: number;
  #list: Suspect[] = [];

  /** `bytes`: the length of the text. Some 12 bits are set aside for each 64 bytes; from 32 KiB to 64 MiB in all. */
  constructor(bytes: number) {
    const wanted = Math.min(Math.max(bytes / 64 * 12, 1 << 18), 1 << 29);
    const size = 2 ** Math.ceil(Math.log2(wanted));
    this.#words = new Int32Array(size / 32);
    this.#mask = size / 32 - 1;
  }

  /** The suspects; null when there are too many to list. */
  get list(): readonly Suspect[] | null {
    return this.#list.length > MOST_LISTED ? null : this.#list;
  }

  /** Takes note of column `column` of a checked batch, whose value in each record stands at `position`. */
  note(batch: Batch, { name }: Column, position: number): void {
    const unique = UNIQUE.get(name);
    if (unique === undefined) return;
    const { folds, salt } = unique;
    for (let record = 0; record < batch.count; record++) {
      if (batch.malformed.size > 0 && batch.malformed.has(record)) continue;
      const value = batch.firstValue[record] + position;
      if (batch.start[value] === batch.end[value] || batch.flags[value] & Batch.CLEARS) continue;
      if (!this.#addSeen(batch, value, folds, salt)) continue;
      if (this.#list.length > MOST_LISTED) continue;
      this.#list.push({ what: name, key: folds ? foldCase(batch.text(value)) : batch.text(value) });
    }
  }

  /** Adds a value; true when it may have been added before. */
  #addSeen({ bytes, start, end }: Batch, value: number, folds: boolean, salt: number): boolean {
    let a = salt | 0, b = ~salt;
    for (let at = start[value]; at < end[value]; at++) {
      let byte = bytes[at];
      if (folds && byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
      a = Math.imul(a ^ byte, 0x01000193);
      b = ((b << 5) + b) ^ byte;
    }
    b = Math.imul(b ^ (b >>> 15), 0x85ebca6b);
    b ^= b >>> 13;
    // Three bits of one word: one look into memory a value, where three would be three.
    const word = (a ^ (a >>> 15)) & this.#mask;
    const bits = (1 << b) | (1 << (b >>> 5)) | (1 << (b >>> 10));
    const before = this.#words[word];
    this.#words[word] = before | bits;
    return (before & bits) === bits;
  }
}

/** Letter case of A–Z ignored, as the database does it (contract, section 2). */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
