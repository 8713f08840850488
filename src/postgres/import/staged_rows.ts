/** Sends the records of a roster to `staged`, or directly to `users` (docs/people.md#first-imports). */
import { type Column, COLUMNS } from "../../domain/columns.ts";
import type { Settings } from "../../domain/settings.ts";
import { Batch } from "../../importer/csv/batch.ts";
import type { FoundProblems } from "../../importer/checks/check.ts";
import { type Header, oldIdPosition } from "../../importer/checks/header.ts";
import type { IsWanted } from "../../importer/ports.ts";
import type { Tx } from "../connection/connect.ts";
import { Copies, CopyRows } from "./copy.ts";
import { UnnestRows } from "./unnest.ts";

export interface StagedRows {
  write(batch: Batch, problems: FoundProblems, isWanted: IsWanted): Promise<void>;
  /** Ends the current COPY, so that other statements can run. More rows may follow. */
  endCopy(): Promise<void>;
  end(): Promise<void>;
}

export function stagedRows(tx: Tx, header: Header, copies: boolean): StagedRows {
  return copies ? new CopiedRows(tx, header) : new UnnestRows(tx, header);
}

/** Copies rows into `staged`: line, problems, and the columns in the order of `header.present`. */
class CopiedRows implements StagedRows {
  readonly #copies: Copies;
  readonly #rows: CopyRows;
  readonly #positions: readonly number[];

  constructor(tx: Tx, { present }: Header, copies = new Copies(tx), private readonly switchBytes?: number) {
    const names = present.map(({ column }) => column.databaseName);
    this.#copies = copies;
    this.#rows = new CopyRows(`staged (line, problems, ${names.join(", ")})`, names.length + 2);
    this.#positions = present.map(({ positions }) => positions[0]);
  }

  async write(batch: Batch, problems: FoundProblems, isWanted: IsWanted): Promise<void> {
    for (let record = 0; record < batch.count; record++) {
      if (isWanted(batch, record)) this.#add(batch, record, problems);
      if (this.#copies.wants(this.#rows, this.switchBytes)) await this.#copies.send(this.#rows);
    }
  }

  async endCopy(): Promise<void> {
    await this.#copies.end();
  }

  async end(): Promise<void> {
    if (this.#rows.length > 0) await this.#copies.send(this.#rows);
    await this.#copies.end();
  }

  #add(batch: Batch, record: number, problems: FoundProblems): void {
    const { firstValue, start, end, flags } = batch;
    const first = firstValue[record], readable = firstValue[record + 1] > first;
    const found = problems.size > 0 ? problems.get(record) : undefined;
    const rows = this.#rows;
    rows.beginRow();
    rows.bigint(batch.line[record]);
    if (found === undefined) rows.null();
    else rows.text(JSON.stringify(found));
    for (const position of this.#positions) {
      const value = first + position;
      const clears = readable && (flags[value] & Batch.CLEARS) !== 0;
      if (clears) rows.empty();
      else if (!readable || start[value] === end[value]) rows.null();
      else rows.bytes(batch.bytes, start[value], end[value]);
    }
  }
}

/** How many bytes for `staged` a direct insert collects before it switches to that table and back. */
const STAGED_SWITCH_BYTES = 1 << 20;

/**
 * Creates users directly. Records with problems, records of inactive users, records with an old id and possible
 * duplicates still go to `staged`.
 */
export class DirectInsertRows implements StagedRows {
  readonly #copies: Copies;
  readonly #staged: CopiedRows;
  readonly #rows: CopyRows;
  readonly #importId: number;
  readonly #feeds: Uint8Array;
  readonly #columns: readonly DirectColumn[];
  /** The position of `active`; null if the roster lacks that column. */
  readonly #active: number | null;
  readonly #oldId: number;
  created = 0;

  constructor(tx: Tx, feed: string, header: Header, defaults: Settings["defaults"], importId: number) {
    const columns = COLUMNS.filter(({ name, kind }) => kind !== "flag" && name !== "old_unique_id").flatMap((column) =>
      directColumn(column, header, defaults)
    );
    const names = columns.map(({ name }) => name);
    this.#copies = new Copies(tx);
    this.#staged = new CopiedRows(tx, header, this.#copies, STAGED_SWITCH_BYTES);
    this.#rows = new CopyRows(`rosterd.users (${names.join(", ")}, created_by_import, feeds)`, names.length + 2);
    this.#importId = importId;
    this.#feeds = new TextEncoder().encode(JSONB_VERSION + JSON.stringify({ [feed]: true }));
    this.#columns = columns;
    this.#oldId = oldIdPosition(header);
    this.#active = header.present.find(({ column }) => column.kind === "flag")?.positions[0] ?? null;
  }

  async write(batch: Batch, problems: FoundProblems, mayRepeat: IsWanted): Promise<void> {
    const isStaged: IsWanted = (batch, record) =>
      problems.has(record) || mayRepeat(batch, record) || this.#isInactive(batch, record) ||
      this.#hasOldId(batch, record);
    await this.#staged.write(batch, problems, isStaged);
    for (let record = 0; record < batch.count; record++) {
      if (!isStaged(batch, record)) this.#create(batch, record);
      if (this.#copies.wants(this.#rows)) await this.#copies.send(this.#rows);
    }
  }

  async endCopy(): Promise<void> {
    await this.#copies.end();
  }

  async end(): Promise<void> {
    if (this.#rows.length > 0) await this.#copies.send(this.#rows);
    await this.#staged.end();
  }

  #isInactive({ firstValue, start, end, bytes }: Batch, record: number): boolean {
    if (this.#active === null) return false;
    const value = firstValue[record] + this.#active;
    return start[value] < end[value] && bytes[start[value]] === ZERO;
  }

  #hasOldId({ firstValue, start, end }: Batch, record: number): boolean {
    const value = firstValue[record] + this.#oldId;
    return this.#oldId >= 0 && start[value] < end[value];
  }

  #create({ firstValue, start, end, flags, bytes }: Batch, record: number): void {
    const rows = this.#rows;
    rows.beginRow();
    for (const { position, isDate, otherwise } of this.#columns) {
      const value = firstValue[record] + position;
      const isEmpty = position < 0 || start[value] === end[value];
      if (isEmpty && otherwise !== null) addValue(rows, isDate, otherwise, 0, otherwise.length);
      else if (isEmpty || flags[value] & Batch.CLEARS) rows.null();
      else addValue(rows, isDate, bytes, start[value], end[value]);
    }
    rows.bigint(this.#importId);
    rows.bytes(this.#feeds, 0, this.#feeds.length);
    this.created++;
  }
}

function addValue(rows: CopyRows, isDate: boolean, bytes: Uint8Array, start: number, end: number): void {
  if (isDate) rows.date(daysSince2000(bytes, start));
  else rows.bytes(bytes, start, end);
}

interface DirectColumn {
  /** The name of the column in the database. */
  name: string;
  /** The position of the value in a record; -1 if the roster lacks the column. */
  position: number;
  isDate: boolean;
  /** The default for records that have no value. */
  otherwise: Uint8Array | null;
}

/** Returns an empty list if the roster lacks the column and the settings have no default for it. */
function directColumn(column: Column, { present }: Header, defaults: Settings["defaults"]): DirectColumn[] {
  const position = present.find((one) => one.column === column)?.positions[0] ?? -1;
  const otherwise = Object.hasOwn(defaults, column.name) ? new TextEncoder().encode(defaults[column.name]) : null;
  if (position < 0 && otherwise === null) return [];
  return [{ name: column.databaseName, position, isDate: column.kind === "date", otherwise }];
}

/** The first byte of a value of type jsonb in binary form. */
const JSONB_VERSION = "\x01";

const ZERO = 0x30;

/** Reads the valid date `YYYY-MM-DD` at position `at`. Returns the number of days since 2000-01-01. */
function daysSince2000(bytes: Uint8Array, at: number): number {
  const digit = (offset: number) => bytes[at + offset] - ZERO;
  const month = digit(5) * 10 + digit(6), day = digit(8) * 10 + digit(9);
  // In this calculation, years begin in March, so that a leap day is the last day of its year.
  const year = digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3) - (month < 3 ? 1 : 0);
  const daysOfYears = 365 * year + Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
  const daysOfMonths = Math.floor((153 * ((month + 9) % 12) + 2) / 5);
  return daysOfYears + daysOfMonths + day - 1 - 730425;
}
