/**
 * Sends staged records to a server by COPY in its binary format: the one file that knows COPY.
 *
 * The bytes of a value go from the file into the message as they are. All columns are text, so the server has nothing to
 * refuse but what is no UTF-8, and such records were made failures before.
 */
import type { Writable } from "node:stream";
import { Batch } from "../importer/batch.ts";
import type { FoundProblems } from "../importer/check.ts";
import type { Header } from "../importer/header.ts";
import type { Tx } from "./connect.ts";

/** "PGCOPY\n\377\r\n\0", no flags, no extension (PostgreSQL manual, COPY, "Binary Format"). */
const SIGNATURE = [0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const END_OF_DATA = [0xff, 0xff];
const NULL = -1;
const encoder = new TextEncoder();
const SEND_AT = 1 << 18;

/** Streams rows of `staged`: line, problems, and the columns of the roster in the order of the header's `present`. */
export class CopyRows {
  readonly #sink: Writable;
  /** Why the stream broke, and how to tell the write that is under way. */
  #fault: Error | null = null;
  #refuse = (_fault: Error) => {};
  readonly #positions: readonly number[];
  #bytes = new Uint8Array(SEND_AT + (1 << 16));
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  private constructor(sink: Writable, header: Header) {
    this.#sink = sink;
    // The driver breaks the stream when the connection is lost, and may never answer the write that is under way.
    sink.once("error", (fault) => {
      this.#fault = fault;
      this.#refuse(fault);
    });
    this.#positions = header.present.map(({ positions }) => positions[0]);
    this.#raw(SIGNATURE);
  }

  static async open(tx: Tx, header: Header): Promise<CopyRows> {
    const names = header.present.map(({ column }) => column.databaseName);
    const sink = await tx.unsafe(`copy staged (line, problems, ${names.join(", ")}) from stdin (format binary)`)
      .writable();
    return new CopyRows(sink, header);
  }

  async write(batch: Batch, problems: FoundProblems): Promise<void> {
    for (let record = 0; record < batch.count; record++) {
      const found = problems.size > 0 ? problems.get(record) : undefined;
      this.#row(batch, record, found === undefined ? null : JSON.stringify(found));
      if (this.#length >= SEND_AT) await this.#send();
    }
  }

  async end(): Promise<void> {
    this.#raw(END_OF_DATA);
    await this.#send();
    await this.#answer((done) => this.#sink.end(done));
  }

  #row(batch: Batch, record: number, problems: string | null): void {
    const { firstValue, start, end, flags } = batch;
    const first = firstValue[record], readable = firstValue[record + 1] > first;
    this.#room(64);
    this.#view.setInt16(this.#length, this.#positions.length + 2);
    this.#view.setInt32(this.#length + 2, 8);
    this.#view.setBigInt64(this.#length + 6, BigInt(batch.line[record]));
    this.#length += 14;
    this.#text(problems);
    for (const position of this.#positions) {
      const value = first + position;
      const isNull = !readable || (start[value] === end[value] && !(flags[value] & Batch.CLEARS));
      if (isNull) this.#number(NULL);
      else if (flags[value] & Batch.CLEARS) this.#number(0);
      else this.#value(batch.bytes, start[value], end[value]);
    }
  }

  #number(value: number): void {
    this.#room(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  #value(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#room(length + 4);
    this.#view.setInt32(this.#length, length);
    const to = this.#bytes;
    let at = this.#length + 4;
    // A loop is faster than subarray and set for the short values of a roster.
    if (length < 64) { for (let from = start; from < end; from++) to[at++] = bytes[from]; }
    else to.set(bytes.subarray(start, end), at);
    this.#length += length + 4;
  }

  #text(text: string | null): void {
    if (text === null) return this.#number(NULL);
    this.#room(3 * text.length + 4);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.#length + 4));
    this.#number(written);
    this.#length += written;
  }

  #raw(bytes: readonly number[]): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #room(wanted: number): void {
    if (this.#length + wanted <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + wanted));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  /** The driver copies what it is given before it calls back, so the buffer can be used again then. */
  async #send(): Promise<void> {
    const chunk = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    await this.#answer((done) => this.#sink.write(chunk, done));
  }

  async #answer(act: (done: (error?: Error | null) => void) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (this.#fault !== null) return reject(this.#fault);
      this.#refuse = reject;
      act((error) => error ? reject(error) : resolve());
    });
  }
}
