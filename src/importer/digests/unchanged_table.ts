/** The digest of the record applied last for each user, in typed arrays, so that a million users make no objects. */
import { UserKey } from "./user_key.ts";

/** Bytes of an entry, as the database keeps it: the key of the user and the digest of the record, 8 bytes each. */
export const ENTRY_BYTES = 16;

/** How many entries are written at a time. */
export const PIECE_ENTRIES = 1 << 12;

// What this import has seen of a user: nothing; a record that it skipped; a record that it read; the entry is out of date.
export const UNMET = 0, SKIPPED = 1, READ = 2, STALE = 3;

export class UnchangedTable {
  /** The key of the user looked up last. */
  readonly key = new UserKey();
  /** By slot. */
  states = new Uint8Array(0);
  /** Four numbers per slot: key and digest, two halves each. */
  #slots = new Int32Array(0);
  #mask = 0;
  size = 0;

  get isLoaded(): boolean {
    return this.#mask > 0;
  }

  /** Makes room for this many entries, before the first {@link add}. */
  expect(entries: number): void {
    if (entries === 0) return;
    const slots = 2 ** Math.ceil(Math.log2(Math.max(entries * 4 / 3, 16)));
    this.#slots = new Int32Array(4 * slots);
    this.states = new Uint8Array(slots);
    this.#mask = slots - 1;
  }

  /** Adds entries as the database keeps them; the last entry of a user counts. */
  add(entries: Uint8Array): void {
    const view = new DataView(entries.buffer, entries.byteOffset, entries.length), slots = this.#slots;
    this.#touch(view);
    for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
      const slot = this.#slotOfKey(view.getInt32(at, true), view.getInt32(at + 4, true));
      if (this.#isFree(slot)) this.size++;
      for (let part = 0; part < 4; part++) slots[4 * slot + part] = view.getInt32(at + 4 * part, true);
    }
  }

  forget(uniqueId: string): void {
    const slot = this.slotOf(uniqueId);
    if (slot >= 0) this.states[slot] = STALE;
  }

  /** Marks the entries of all users in the buckets that are not 0. The low bits of a key are the number of its bucket. */
  forgetBuckets(buckets: Uint8Array): void {
    for (let slot = 0; slot < this.states.length; slot++) {
      if (this.#isFree(slot) || buckets[this.#slots[4 * slot] & (buckets.length - 1)] === 0) continue;
      this.states[slot] = STALE;
    }
  }

  /** The slot of a user, or -1; {@link key} is then the key of that user. */
  slotOf(uniqueId: string): number {
    const bytes = new TextEncoder().encode(uniqueId);
    return this.find(new DataView(bytes.buffer), 0, bytes.length);
  }

  find(bytes: DataView, from: number, to: number): number {
    this.key.take(bytes, from, to);
    if (!this.isLoaded) return -1;
    const slot = this.#slotOfKey(this.key.low, this.key.high);
    return this.#isFree(slot) ? -1 : slot;
  }

  takeKey(slot: number): void {
    this.key.low = this.#slots[4 * slot];
    this.key.high = this.#slots[4 * slot + 1];
  }

  /** Whether the entry in a slot is that of a record with this digest. */
  has(slot: number, low: number, high: number): boolean {
    return this.#slots[4 * slot + 2] === low && this.#slots[4 * slot + 3] === high;
  }

  /** All entries that are not out of date, in pieces as {@link add} takes them. */
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

  /** Reads the slots of entries before anything depends on them, so that the memory accesses do not wait for each other. */
  #touch(entries: DataView): number {
    const slots = this.#slots, mask = this.#mask;
    let seen = 0;
    for (let at = 0; at < entries.byteLength; at += ENTRY_BYTES) seen |= slots[4 * (entries.getInt32(at, true) & mask)];
    return seen;
  }

  /** The slot of a key: the one that has it, or the free one where it belongs. */
  #slotOfKey(low: number, high: number): number {
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

export function asBytes(numbers: Int32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
