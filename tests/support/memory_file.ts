/** Rosters in memory: as a file, as chunks of bytes, and as the records that the reader finds in those bytes. */
import type { Batch, Malformed } from "../../src/importer/csv/batch.ts";
import type { RosterFile } from "../../src/importer/inbox_port.ts";

export interface MemoryFile extends RosterFile {
  /** The number of open readers. */
  open: number;
}

export const utf8 = (text: string) => new TextEncoder().encode(text);

/** A file that never changes, read in chunks of a given size. */
export function fileOf(content: Uint8Array | string, { name = "x.csv", chunk = 65_536 } = {}): MemoryFile {
  const bytes = typeof content === "string" ? utf8(content) : content;
  const file = {
    name,
    size: bytes.length,
    open: 0,
    async *read(into?: Uint8Array) {
      file.open++;
      try {
        for await (const piece of chunksOf(bytes, chunk)) yield into === undefined ? piece : putInto(into, piece);
      } finally {
        file.open--;
      }
    },
    changed: () => Promise.resolve(false),
    close: () => Promise.resolve(),
  };
  return file;
}

/** Each chunk overwrites the previous one, as it does with a real file. */
function putInto(into: Uint8Array, piece: Uint8Array): Uint8Array {
  into.set(piece, 1);
  return into.subarray(1, 1 + piece.length);
}

/** Splits bytes into chunks of a given size: copies at odd addresses, as a reader might receive them. */
export async function* chunksOf(content: Uint8Array | string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = typeof content === "string" ? utf8(content) : content;
  for (let at = 0; at < bytes.length; at += size) {
    const copy = new Uint8Array(1 + Math.min(size, bytes.length - at)).subarray(1);
    copy.set(bytes.subarray(at, at + size));
    yield await Promise.resolve(copy);
  }
}

/** A record in the form that the tests compare: its values, or its text and why it cannot be read. */
export type SeenRecord = { line: number; values: string[] } | { line: number; why: Malformed; raw: string };

/** All records that a reader yields. */
export async function recordsOf(batches: AsyncIterable<Batch>): Promise<SeenRecord[]> {
  const seen: SeenRecord[] = [];
  for await (const batch of batches) {
    for (let record = 0; record < batch.count; record++) seen.push(recordOf(batch, record));
  }
  return seen;
}

export function recordOf(batch: Batch, record: number): SeenRecord {
  const line = batch.line[record], why = batch.malformed.get(record);
  return why ? { line, why, raw: batch.recordText(record) } : { line, values: batch.values(record) };
}
