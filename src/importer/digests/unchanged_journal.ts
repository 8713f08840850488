/** Collects new entries for the unchanged-record cache: the digests of the valid records that an import reads. */
import type { Batch } from "../csv/batch.ts";
import type { FoundProblems } from "../checks/check.ts";
import type { Digest } from "./digest.ts";
import {
  asBytes,
  PIECE_ENTRIES,
  READ,
  REPEATED,
  SKIPPED,
  STALE,
  type UnchangedTable,
  UNMET,
} from "./unchanged_table.ts";

/**
 * The maximum number of users in the cache, which limits its memory to about 70 MiB. Further users are always compared.
 */
export const MAX_CACHED_USERS = 3_000_000;

/** The number of full pieces at which the list of new entries counts as large. */
const MANY_PIECES = 64;

/** The number of users at which {@link UnchangedJournal.hasManyRepeated} is true. */
const MANY_REPEATED = 5_000;

export class UnchangedJournal {
  /** Users with both a skipped record and a record that was read. All records of these users must be read. */
  readonly #repeated: string[] = [];
  /** Whether any user has both a skipped record and a record that was read. */
  hasRepeated = false;
  /** Digests of the current batch, two numbers per record. */
  readonly #noted = new Int32Array(1 << 9);
  /** The new entries that have not been taken yet: the full pieces, and the piece that is being filled. */
  #full: Int32Array[] = [];
  #filling = new Int32Array(4 * PIECE_ENTRIES);
  #length = 0;
  /** The number of entries of users who are not in the table. */
  #added = 0;
  /** Whether no entry has been added yet. */
  isEmpty = true;

  /**
   * `digest` computes the digests of records. `position` is the position of the `unique_id` in a record. `oldId` is the
   * position of the `old_unique_id`, or -1.
   */
  constructor(
    private readonly table: UnchangedTable,
    private readonly digest: Digest,
    private readonly position: number,
    private readonly oldId: number,
    private readonly maxUsers = MAX_CACHED_USERS,
  ) {}

  get hasManyRepeated(): boolean {
    return this.#repeated.length >= MANY_REPEATED;
  }

  /** Takes the users found since the last call to have both a skipped record and a record that was read. */
  takeRepeated(): string[] {
    return this.#repeated.splice(0);
  }

  /** Whether the list of new entries is long enough to be taken now. */
  get isLarge(): boolean {
    return this.#full.length >= MANY_PIECES;
  }

  /**
   * Withdraws the stale entries of the table, which would otherwise stay in the log. For a user who no longer exists,
   * no record would ever replace the entry.
   */
  withdrawStale(): void {
    const { table } = this;
    for (let slot = 0; slot < table.states.length; slot++) {
      if (table.states[slot] !== STALE) continue;
      table.takeKey(slot);
      this.#push(0, 0);
    }
  }

  /** Withdraws the entry of a user, so that the next import reads their record. */
  withdraw(uniqueId: string): void {
    const slot = this.table.slotOf(uniqueId);
    const isWithdrawn = slot < 0 ? this.#added === 0 : this.isEmpty && this.table.has(slot, 0, 0);
    if (!isWithdrawn) this.#push(0, 0);
  }

  /** Computes the digests of a batch's records, before a check changes their bytes. */
  note({ count, view, recordStart, recordEnd, linesWithin }: Batch): void {
    for (let record = 0; record < count; record++) {
      // A multi-line record cannot be recognized by its first line, so it gets a digest that no line has.
      const isLine = linesWithin[record] === 0;
      if (isLine) this.digest.take(view, recordStart[record], recordEnd[record]);
      this.#noted[2 * record] = isLine ? this.digest.low : 0;
      this.#noted[2 * record + 1] = isLine ? this.digest.high : 0;
    }
  }

  add(batch: Batch, problems: FoundProblems): void {
    const { states } = this.table;
    for (let record = 0; record < batch.count; record++) {
      if (batch.malformed.size > 0 && batch.malformed.has(record)) continue;
      if (this.oldId >= 0) this.#addOldId(batch, record);
      const value = batch.firstValue[record] + this.position;
      const slot = this.table.find(batch.view, batch.start[value], batch.end[value]);
      if (slot >= 0 && states[slot] === SKIPPED) this.#addRepeated(slot, batch.text(value));
      // If a user's record fails, the user and the cache entry stay unchanged.
      if (problems.size === 0 || !problems.has(record)) this.#addEntry(slot, record);
      if (slot >= 0 && states[slot] === UNMET) states[slot] = READ;
    }
  }

  /**
   * A record with an old id gets a digest that no line has, because the record must be read again whenever the old id
   * belongs to a user. A record whose `unique_id` is the old id must be read, too.
   */
  #addOldId(batch: Batch, record: number): void {
    const { view, firstValue, start, end } = batch;
    const value = firstValue[record] + this.oldId;
    if (start[value] === end[value]) return;
    this.#noted[2 * record] = 0;
    this.#noted[2 * record + 1] = 0;
    const { states } = this.table, slot = this.table.find(view, start[value], end[value]);
    if (slot < 0) return;
    if (states[slot] === SKIPPED) this.#addRepeated(slot, batch.text(value));
    else if (states[slot] === UNMET) states[slot] = READ;
  }

  #addRepeated(slot: number, uniqueId: string): void {
    this.#repeated.push(uniqueId);
    this.hasRepeated = true;
    this.table.states[slot] = REPEATED;
  }

  /** Takes the new entries, in the form that {@link UnchangedTable.add} accepts. */
  take(): Uint8Array[] {
    if (this.#length > 0) this.#endPiece();
    return this.#full.splice(0).map(asBytes);
  }

  #addEntry(slot: number, record: number): void {
    const { table } = this, low = this.#noted[2 * record], high = this.#noted[2 * record + 1];
    const isInTable = slot >= 0 && table.states[slot] !== STALE && table.has(slot, low, high);
    const hasRoom = slot >= 0 || table.size + this.#added < this.maxUsers;
    if (isInTable || !hasRoom) return;
    if (slot < 0) this.#added++;
    this.#push(low, high);
  }

  /**
   * Adds an entry for the user whose key was looked up last. The digest 0 matches no line, so it withdraws the entry.
   */
  #push(low: number, high: number): void {
    this.isEmpty = false;
    const at = this.#length;
    this.#filling[at] = this.table.key.low;
    this.#filling[at + 1] = this.table.key.high;
    this.#filling[at + 2] = low;
    this.#filling[at + 3] = high;
    this.#length += 4;
    if (this.#length === this.#filling.length) this.#endPiece();
  }

  #endPiece(): void {
    this.#full.push(this.#filling.subarray(0, this.#length));
    this.#filling = new Int32Array(4 * PIECE_ENTRIES);
    this.#length = 0;
  }
}
