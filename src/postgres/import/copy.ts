/**
 * Sends rows with binary COPY. The checks have already caught all records with text, dates or flags that PostgreSQL
 * would refuse.
 */
import type { Writable } from "node:stream";
import type { Tx } from "../connection/connect.ts";

/** "PGCOPY\n\377\r\n\0", without flags or an extension (PostgreSQL manual, COPY, "Binary Format"). */
const SIGNATURE = Uint8Array.of(0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const END_OF_DATA = Uint8Array.of(0xff, 0xff);
const NULL = -1;
const MESSAGE_BYTES = 1 << 18;
const encoder = new TextEncoder();

/** A reusable buffer of rows to send. */
export class CopyRows {
  #bytes = new Uint8Array(1 << 14);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** `table`: the table's name, with its columns in the order of the values. */
  constructor(readonly table: string, private readonly columns: number) {}

  get length(): number {
    return this.#length;
  }

  /** Returns the rows and empties the buffer. The next row overwrites the returned bytes. */
  take(): Uint8Array {
    const rows = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return rows;
  }

  beginRow(): void {
    this.#room(2);
    this.#view.setInt16(this.#length, this.columns);
    this.#length += 2;
  }

  null(): void {
    this.#int32(NULL);
  }

  empty(): void {
    this.#int32(0);
  }

  /** Adds a value of type bigint, which must not be negative. */
  bigint(value: number): void {
    this.#room(12);
    this.#view.setInt32(this.#length, 8);
    this.#view.setInt32(this.#length + 4, Math.floor(value / 2 ** 32));
    this.#view.setUint32(this.#length + 8, value >>> 0);
    this.#length += 12;
  }

  /** Adds a value of type date, as the number of days since 2000-01-01. */
  date(days: number): void {
    this.#int32(4);
    this.#int32(days);
  }

  /** Adds a value of type text: the UTF-8 bytes from `start` up to, but not including, `end`. */
  bytes(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#room(length + 4);
    this.#view.setInt32(this.#length, length);
    const to = this.#bytes;
    let at = this.#length + 4;
    // For short values, a loop is faster than subarray and set.
    if (length < 64) { for (let from = start; from < end; from++) to[at++] = bytes[from]; }
    else to.set(bytes.subarray(start, end), at);
    this.#length += length + 4;
  }

  text(text: string): void {
    this.#room(3 * text.length + 4);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.#length + 4));
    this.#view.setInt32(this.#length, written);
    this.#length += 4 + written;
  }

  #int32(value: number): void {
    this.#room(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  #room(wanted: number): void {
    if (this.#length + wanted <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + wanted));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

export class Copies {
  #stream: CopyStream | null = null;
  #table = "";

  constructor(private readonly tx: Tx) {}

  /**
   * Whether there are enough rows to send. A switch to another table takes at least `switchBytes` of rows, because the
   * server must first process all earlier ones. Callers ask before they call {@link send}, because creating a promise
   * for every row would cost more than the row itself.
   */
  wants(rows: CopyRows, switchBytes = MESSAGE_BYTES): boolean {
    return rows.length >= MESSAGE_BYTES && (rows.length >= switchBytes || this.#table === rows.table);
  }

  async send(rows: CopyRows): Promise<void> {
    if (this.#stream === null || this.#table !== rows.table) {
      await this.end();
      this.#stream = await CopyStream.open(this.tx, rows.table);
      this.#table = rows.table;
    }
    await this.#stream.write(rows.take());
  }

  /** Resolves when the server has received all rows. */
  async end(): Promise<void> {
    await this.#stream?.end();
    this.#stream = null;
  }
}

class CopyStream {
  #fault: Error | null = null;
  #refuse = (_fault: Error) => {};

  private constructor(private readonly sink: Writable) {
    // When the connection is lost, the driver destroys the stream and may never call back for the current write.
    sink.once("error", (fault) => {
      this.#fault = fault;
      this.#refuse(fault);
    });
  }

  static async open(tx: Tx, table: string): Promise<CopyStream> {
    const stream = new CopyStream(await tx.unsafe(`copy ${table} from stdin (format binary)`).writable());
    await stream.write(SIGNATURE);
    return stream;
  }

  /** Writes the bytes in pieces, because the driver makes a copy of whatever it is given. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += MESSAGE_BYTES) {
      const piece = bytes.subarray(at, at + MESSAGE_BYTES);
      await this.#answer((done) => this.sink.write(piece, done));
    }
  }

  async end(): Promise<void> {
    await this.write(END_OF_DATA);
    await this.#answer((done) => this.sink.end(done));
  }

  async #answer(act: (done: (error?: Error | null) => void) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (this.#fault !== null) return reject(this.#fault);
      this.#refuse = reject;
      act((error) => error ? reject(error) : resolve());
    });
  }
}
