/** Finds possible duplicates with a Bloom filter, so that the database compares a few values instead of a million. */
import { Batch } from "../csv/batch.ts";
import { Digest } from "./digest.ts";
import type { Header } from "../checks/header.ts";

interface Unique {
  digest: Digest;
  /** 0x20 to ignore the case of A–Z, which also makes a few other characters equal; otherwise 0. */
  fold: number;
}

function uniqueColumns(): Map<string, Unique> {
  return new Map([
    ["unique_id", { digest: new Digest(1, 0), fold: 0 }],
    ["user_name", { digest: new Digest(2, 0), fold: 0x20 }],
    ["email", { digest: new Digest(3, 0), fold: 0x20 }],
  ]);
}

/** With more than this, there is no list, and every value counts as a possible duplicate. */
const MAX_LISTED = 20_000;

export interface PossibleDuplicate {
  what: string;
  key: string;
}

export class DuplicateFilter {
  readonly #unique = uniqueColumns();
  readonly #words: Int32Array;
  readonly #mask: number;
  /** For each record of a batch: the word and the bits of its value in the filter. No bits if it has no value. */
  readonly #places = new Int32Array(1 << 8);
  readonly #bits = new Int32Array(1 << 8);
  #list: PossibleDuplicate[] = [];
  /** 1 for each record of the latest batch that may share a unique value with an earlier record, otherwise 0. */
  readonly inBatch = new Uint8Array(1 << 8);

  /**
   * `bytes`: the length of the text. Uses about 12 bits per 64 bytes of text, but at least 32 KiB and at most 64 MiB.
   */
  constructor(bytes: number) {
    const wanted = Math.min(Math.max(bytes / 64 * 12, 1 << 18), 1 << 29);
    const size = 2 ** Math.ceil(Math.log2(wanted));
    this.#words = new Int32Array(size / 32);
    this.#mask = size / 32 - 1;
  }

  /** The possible duplicates; null if there are too many to list. */
  get list(): readonly PossibleDuplicate[] | null {
    return this.#list.length > MAX_LISTED ? null : this.#list;
  }

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

  /** A separate pass, so that the memory accesses of the lookups can overlap. */
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
      // Three bits in the same word need one memory access instead of three.
      this.#bits[record] = (1 << high) | (1 << (high >>> 5)) | (1 << (high >>> 10));
    }
  }

  /** Adds the value of a record; true if it may have been added before. */
  #addSeen(record: number): boolean {
    const place = this.#places[record], bits = this.#bits[record];
    const before = this.#words[place];
    this.#words[place] = before | bits;
    return bits !== 0 && (before & bits) === bits;
  }
}

/** Ignores the case of A–Z, as the database does. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
