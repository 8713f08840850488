/** Collects what an import adds to the unchanged-record cache: the digests of the valid records that it read. */
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

/** The maximum number of users in the cache, which limits its memory to about 70 MiB. All others are compared. */
export const MAX_CACHED_USERS = 3_000_000;

/** Once there are this many new entries, they should be stored. */
const MANY_PIECES = 64;

/** Once {@link UnchangedJournal.takeRepeated} has this many users, they should be taken. */
const MANY_REPEATED = 5_000;

export class UnchangedJournal {
  /** Users with both a skipped record and one that was read. All their records must then be read. */
  readonly #repeated: string[] = [];
  /** Whether a user has both a skipped record and one that was read. */
  hasRepeated = false;
  /** Digests of the current batch, two numbers per record. */
  readonly #noted = new Int32Array(1 << 9);
  /** New entries that have not been taken yet: the full pieces, and the one being filled. */
  #full: Int32Array[] = [];
  #filling = new Int32Array(4 * PIECE_ENTRIES);
  #length = 0;
  /** The number of entries of users who are not in the table. */
  #added = 0;
  /** Whether there have been no new entries. */
  isEmpty = true;

  /**
   * `digest` computes the digests of records. `position` is that of the `unique_id` in a record, `oldId` that of the
   * `old_unique_id`, or -1.
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

  /** Takes the users found since the last call who have both a skipped record and one that was read. */
  takeRepeated(): string[] {
    return this.#repeated.splice(0);
  }

  /** Whether the list of new entries is so long that the caller should take it. */
  get isLarge(): boolean {
    return this.#full.length >= MANY_PIECES;
  }

  /**
   * Withdraws the stale entries of the table, which stay in the log. Their users may be gone, in which case no record
   * would replace them.
   */
  withdrawStale(): void {
    const { table } = this;
    for (let slot = 0; slot < table.states.length; slot++) {
      if (table.states[slot] !== STALE) continue;
      table.takeKey(slot);
      this.#push(0, 0);
    }
  }

  /** Withdraws the entry of a user, in the table or here, so that the next import reads their record. */
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
      // A user whose record fails stays unchanged, and so does their entry.
      if (problems.size === 0 || !problems.has(record)) this.#addEntry(slot, record);
      if (slot >= 0 && states[slot] === UNMET) states[slot] = READ;
    }
  }

  /**
   * A record with an old id gets a digest that no line has, because it must be read again whenever that id is known. A
   * record of the old id itself must be read, too.
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

  /** Takes the new entries, in the form that {@link UnchangedTable.add} takes. */
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

  /** Adds an entry for the user whose key was looked up last. No line has the digest 0, so it withdraws the entry. */
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
