/** Finds possible duplicates with a Bloom filter, so that the database has to compare only a few values. */
import { Batch } from "../csv/batch.ts";
import { Digest } from "./digest.ts";
import type { Header } from "../checks/header.ts";

interface Unique {
  digest: Digest;
  /** This bit makes A–Z equal to a–z. With this bit, a few other pairs of characters become equal, too. */
  fold: number;
}

function uniqueColumns(): Map<string, Unique> {
  return new Map([
    ["unique_id", { digest: new Digest(1, 0), fold: 0 }],
    ["user_name", { digest: new Digest(2, 0), fold: 0x20 }],
    ["email", { digest: new Digest(3, 0), fold: 0x20 }],
  ]);
}

/** The number of possible duplicates at which their list counts as large. */
const MANY = 5_000;

export interface PossibleDuplicate {
  what: string;
  key: string;
}

export class DuplicateFilter {
  readonly #unique = uniqueColumns();
  /** The layers of the filter. New values are added to the last layer. */
  readonly #layers: Layer[] = [];
  /** The digest of each record of a batch, and whether the record has a value. */
  readonly #lows = new Int32Array(1 << 8);
  readonly #highs = new Int32Array(1 << 8);
  readonly #hasValue = new Uint8Array(1 << 8);
  readonly #list: PossibleDuplicate[] = [];
  /** 1 for each record of the latest batch that may share a value with an earlier record, otherwise 0. */
  readonly inBatch = new Uint8Array(1 << 8);

  /** `bytes`: the length of the roster's text. */
  constructor(private readonly bytes: number) {}

  /** Whether the list of possible duplicates is long enough to be taken now. */
  get isLarge(): boolean {
    return this.#list.length >= MANY;
  }

  /** Takes the possible duplicates found since the last call. */
  take(): PossibleDuplicate[] {
    return this.#list.splice(0);
  }

  /** Adds the values of a checked batch. */
  note(batch: Batch, { present }: Header): void {
    this.inBatch.fill(0);
    if (batch.count === 0) return;
    if (this.#layers.length === 0) {
      const columns = present.filter(({ column }) => this.#unique.has(column.name)).length;
      this.#layers.push(new Layer(valuesLike(batch, this.bytes, columns)));
    }
    for (const { column: { name }, positions } of present) {
      const unique = this.#unique.get(name);
      if (unique !== undefined) this.#noteColumn(batch, name, positions[0], unique);
    }
  }

  #noteColumn(batch: Batch, what: string, position: number, unique: Unique): void {
    this.#takeDigests(batch, position, unique);
    for (let record = 0; record < batch.count; record++) {
      if (this.#hasValue[record] === 0 || !this.#addSeen(this.#lows[record], this.#highs[record])) continue;
      this.inBatch[record] = 1;
      const key = batch.text(batch.firstValue[record] + position);
      this.#list.push({ what, key: unique.fold > 0 ? foldCase(key) : key });
    }
  }

  /** This separate loop lets the memory accesses of the lookups overlap. */
  #takeDigests(batch: Batch, position: number, { digest, fold }: Unique): void {
    const { count, firstValue, start, end, flags, malformed } = batch;
    for (let record = 0; record < count; record++) {
      this.#hasValue[record] = 0;
      if (malformed.size > 0 && malformed.has(record)) continue;
      const value = firstValue[record] + position;
      if (start[value] === end[value] || flags[value] & Batch.CLEARS) continue;
      digest.take(batch.view, start[value], end[value], fold);
      this.#lows[record] = digest.low;
      this.#highs[record] = digest.high;
      this.#hasValue[record] = 1;
    }
  }

  /** Adds a value. Returns true if the value may have been added before. */
  #addSeen(low: number, high: number): boolean {
    const layers = this.#layers;
    let isSeen = false;
    for (let at = 0; at < layers.length - 1; at++) isSeen = layers[at].has(low, high) || isSeen;
    const last = layers[layers.length - 1];
    isSeen = last.add(low, high) || isSeen;
    if (last.isFull) this.#grow(last.capacity);
    return isSeen;
  }

  /**
   * At the memory limit, all further values go into the last layer, which then mistakes more unique values for
   * duplicates.
   */
  #grow(capacity: number): void {
    const used = this.#layers.reduce((sum, layer) => sum + layer.capacity, 0);
    if (used < MAX_VALUES) this.#layers.push(new Layer(Math.min(2 * capacity, MAX_VALUES - used)));
  }
}

/** With 24 bits per value, one unique value in several thousand is mistaken for a possible duplicate. */
const WORDS_PER_VALUE = 24 / 32;
const MIN_VALUES = 10_000;
/** Limits the filter to 64 MiB. */
const MAX_VALUES = 2 ** 24 / WORDS_PER_VALUE;

/** Estimates the number of values in a text of this length from the records of a batch. */
function valuesLike({ recordStart, recordEnd, count }: Batch, bytes: number, columns: number): number {
  const length = (recordEnd[count - 1] - recordStart[0]) / count;
  return Math.min(Math.max(1.25 * columns * bytes / Math.max(length, 1), MIN_VALUES), MAX_VALUES);
}

/** A Bloom filter that sets two bits in each of two words per value. */
class Layer {
  readonly #words: Int32Array;
  #values = 0;

  constructor(readonly capacity: number) {
    this.#words = new Int32Array(Math.ceil(capacity * WORDS_PER_VALUE));
  }

  get isFull(): boolean {
    return this.#values >= this.capacity;
  }

  has(low: number, high: number): boolean {
    const lowBits = bitsOf(low), highBits = bitsOf(high);
    return (this.#words[this.#placeOf(low)] & lowBits) === lowBits &&
      (this.#words[this.#placeOf(high)] & highBits) === highBits;
  }

  /** Adds a value. Returns true if the layer may already contain the value. */
  add(low: number, high: number): boolean {
    const words = this.#words, lowBits = bitsOf(low), highBits = bitsOf(high);
    const lowPlace = this.#placeOf(low), highPlace = this.#placeOf(high);
    const lowBefore = words[lowPlace], highBefore = words[highPlace];
    if ((lowBefore & lowBits) === lowBits && (highBefore & highBits) === highBits) return true;
    words[lowPlace] |= lowBits;
    words[highPlace] |= highBits;
    this.#values++;
    return false;
  }

  /** The upper bits choose the word, and the lower bits choose the bits in that word. */
  #placeOf(half: number): number {
    return Math.floor((half >>> 0) / 2 ** 32 * this.#words.length);
  }
}

function bitsOf(half: number): number {
  return (1 << half) | (1 << (half >>> 5));
}

/** Converts A–Z to lower case and keeps other letters unchanged, as the database does. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
