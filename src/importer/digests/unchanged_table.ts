/** Stores the digest of each user's last applied record, in typed arrays instead of an object per user. */
import { UserKey } from "./user_key.ts";

/** The size of an entry as stored in the database: the user's key and the record's digest, 8 bytes each. */
export const ENTRY_BYTES = 16;

/** The number of entries that are written at a time. */
export const PIECE_ENTRIES = 1 << 12;

/** The minimum number of slots per entry. With fewer slots, a lookup has to skip many other entries. */
const SLOTS_PER_USER = 4 / 3, MIN_SLOTS_PER_USER = 5 / 4, MIN_SLOTS = 2 * PIECE_ENTRIES;

// The state of a user's entry in this import: no record seen yet, record skipped, record read, entry out of date, or
// one record skipped and another one read.
export const UNMET = 0, SKIPPED = 1, READ = 2, STALE = 3, REPEATED = 4;

export class UnchangedTable {
  /** The key of the user looked up last. */
  readonly key = new UserKey();
  readonly #encoder = new TextEncoder();
  /** One buffer for all users, because a buffer for each user would create garbage and make the process grow. */
  #text = new Uint8Array(256);
  /** The state of each slot. */
  states = new Uint8Array(0);
  /** Four numbers per slot: the two halves of the key and of the digest. */
  #slots = new Int32Array(0);
  /** The number of slots divided by 2^32. */
  #scale = 0;
  /** The number of users and the number of stale entries. */
  size = 0;
  stale = 0;

  get isLoaded(): boolean {
    return this.#scale > 0;
  }

  /** Makes room for approximately the given number of users. Call this method before the first {@link add}. */
  expect(users: number): void {
    const slots = Math.ceil(users * SLOTS_PER_USER) + MIN_SLOTS;
    this.#slots = new Int32Array(4 * slots);
    this.states = new Uint8Array(slots);
    this.#scale = slots / 2 ** 32;
  }

  /** Adds entries in their stored form. If a user has several entries, the last one wins. */
  add(entries: Uint8Array): void {
    const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
    if ((this.size + PIECE_ENTRIES) * MIN_SLOTS_PER_USER > this.states.length) this.#grow();
    this.#touch(view);
    for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
      const low = view.getInt32(at, true), high = view.getInt32(at + 4, true);
      this.#set(low, high, view.getInt32(at + 8, true), view.getInt32(at + 12, true));
    }
  }

  /** Adds a user without a digest. */
  put(uniqueId: string): void {
    this.slotOf(uniqueId);
    this.#set(this.key.low, this.key.high, 0, 0);
  }

  /** The table is rebuilt only if the log names many users who are no longer in the database. */
  #grow(): void {
    const slots = this.#slots;
    this.expect(2 * (this.size + PIECE_ENTRIES));
    this.size = 0;
    for (let at = 0; at < slots.length; at += 4) {
      if (slots[at] !== 0 || slots[at + 1] !== 0) this.#set(slots[at], slots[at + 1], slots[at + 2], slots[at + 3]);
    }
  }

  #set(low: number, high: number, digestLow: number, digestHigh: number): void {
    const slots = this.#slots, slot = this.#slotOfKey(low, high);
    if (this.#isFree(slot)) this.size++;
    slots[4 * slot] = low;
    slots[4 * slot + 1] = high;
    slots[4 * slot + 2] = digestLow;
    slots[4 * slot + 3] = digestHigh;
  }

  forget(uniqueId: string): void {
    const slot = this.slotOf(uniqueId);
    if (slot >= 0) this.#forgetSlot(slot);
  }

  /**
   * Marks the entries of all users whose bucket is not 0 as stale. The low bits of a user's key are the number of the
   * bucket.
   */
  forgetBuckets(buckets: Uint8Array): void {
    for (let slot = 0; slot < this.states.length; slot++) {
      if (this.#isFree(slot) || buckets[this.#slots[4 * slot] & (buckets.length - 1)] === 0) continue;
      this.#forgetSlot(slot);
    }
  }

  #forgetSlot(slot: number): void {
    if (this.states[slot] !== STALE) this.stale++;
    this.states[slot] = STALE;
  }

  /** Returns the slot of a user, or -1. Sets {@link key} to the key of the user. */
  slotOf(uniqueId: string): number {
    if (this.#text.length < 3 * uniqueId.length) this.#text = new Uint8Array(3 * uniqueId.length);
    const { written } = this.#encoder.encodeInto(uniqueId, this.#text);
    return this.find(new DataView(this.#text.buffer), 0, written);
  }

  find(bytes: DataView, from: number, to: number): number {
    this.key.take(bytes, from, to);
    if (!this.isLoaded) return -1;
    const slot = this.#slotOfKey(this.key.low, this.key.high);
    return this.#isFree(slot) ? -1 : slot;
  }

  /** Whether the record of the user with this key was skipped. */
  isSkipped(low: number, high: number): boolean {
    return this.isLoaded && this.states[this.#slotOfKey(low, high)] === SKIPPED;
  }

  takeKey(slot: number): void {
    this.key.low = this.#slots[4 * slot];
    this.key.high = this.#slots[4 * slot + 1];
  }

  /** Whether the entry in a slot has this digest. */
  has(slot: number, low: number, high: number): boolean {
    return this.#slots[4 * slot + 2] === low && this.#slots[4 * slot + 3] === high;
  }

  /** All entries that are not stale, in the form that {@link add} accepts. */
  *entries(): Generator<Uint8Array> {
    let piece = new Int32Array(4 * PIECE_ENTRIES), length = 0;
    for (let slot = 0; slot < this.states.length; slot++) {
      if (this.#isFree(slot) || this.states[slot] === STALE) continue;
      piece.set(this.#slots.subarray(4 * slot, 4 * slot + 4), length);
      length += 4;
      if (length < piece.length) continue;
      yield asBytes(piece);
      piece = new Int32Array(4 * PIECE_ENTRIES);
      length = 0;
    }
    if (length > 0) yield asBytes(piece.subarray(0, length));
  }

  /** Reads the slots of several entries in advance, so that the memory accesses can overlap. */
  #touch(entries: DataView): number {
    const slots = this.#slots;
    let seen = 0;
    for (let at = 0; at < entries.byteLength; at += ENTRY_BYTES) {
      seen |= slots[4 * this.#home(entries.getInt32(at, true))];
    }
    return seen;
  }

  /**
   * The slot where the search for a key begins. Any number of slots is possible, not only a power of two, so memory
   * grows in proportion to the number of users.
   */
  #home(low: number): number {
    return Math.floor((low >>> 0) * this.#scale);
  }

  /** The slot that contains a key, or the free slot where the key belongs. */
  #slotOfKey(low: number, high: number): number {
    const slots = this.#slots, last = this.states.length - 1;
    for (let slot = this.#home(low);; slot = slot === last ? 0 : slot + 1) {
      if (slots[4 * slot] === low && slots[4 * slot + 1] === high) return slot;
      if (slots[4 * slot] === 0 && slots[4 * slot + 1] === 0) return slot;
    }
  }

  #isFree(slot: number): boolean {
    return this.#slots[4 * slot] === 0 && this.#slots[4 * slot + 1] === 0;
  }
}

export function asBytes(numbers: Int32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
