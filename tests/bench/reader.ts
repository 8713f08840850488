/**
 * Measures rosterd's CSV reader against other CSV readers. Each reader is given bytes in memory and yields records,
 * which are not kept. A reader that has several interfaces is measured with each. rosterd's reader is compared with the
 * fastest of the others.
 */
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { parse as csvParse } from "csv-parse";
import Papa from "papaparse";
import { readRecords } from "../../src/importer/csv/csv.ts";

export interface ReaderRow {
  file: string;
  reader: string;
  megabytesPerSecond: number;
}

/** One way to read records from bytes. Returns the number of records, including the header. */
interface Way {
  reader: string;
  read(bytes: Uint8Array): Promise<number> | number;
}

const CHUNK = 1 << 16;
const OPTIONS = { delimiter: ",".charCodeAt(0), line: 1, validate: false };

function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/**
 * The first two are both rosterd's reader: one used as an import uses it, the other returning results like those of the
 * other readers.
 */
const WAYS: readonly Way[] = [
  { reader: "rosterd: records", read: readOwn },
  { reader: "rosterd: arrays of text", read: readOwnAsText },
  { reader: "csv-parse: stream", read: readWithCsvParse },
  { reader: "papaparse: whole text", read: (bytes) => Papa.parse<string[]>(textOf(bytes)).data.length },
  { reader: "papaparse: text in chunks", read: readWithPapa },
];

async function* feed(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* chunksOf(bytes, CHUNK);
}

async function readOwn(bytes: Uint8Array): Promise<number> {
  let records = 0;
  for await (const batch of readRecords(feed(bytes), OPTIONS)) records += batch.count;
  return records;
}

async function readOwnAsText(bytes: Uint8Array): Promise<number> {
  let records = 0;
  for await (const batch of readRecords(feed(bytes), OPTIONS)) {
    for (let record = 0; record < batch.count; record++) if (batch.values(record).length > 0) records++;
  }
  return records;
}

async function readWithCsvParse(bytes: Uint8Array): Promise<number> {
  let records = 0;
  const parser = Readable.from(buffersOf(bytes)).pipe(csvParse({}));
  parser.on("data", () => records++);
  await new Promise((resolve, reject) => parser.on("end", resolve).on("error", reject));
  return records;
}

function* buffersOf(bytes: Uint8Array): Generator<Buffer> {
  for (const chunk of chunksOf(bytes, CHUNK)) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
}

function readWithPapa(bytes: Uint8Array): number {
  let records = 0;
  const options = { chunkSize: 1 << 20, chunk: ({ data }: { data: unknown[] }) => void (records += data.length) };
  Papa.parse(textOf(bytes), options as unknown as Papa.ParseConfig);
  return records;
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Measures every reader on each file: the median of `runs` runs, after one warm-up run. */
export async function measureReaders(files: ReadonlyMap<string, Uint8Array>, runs: number): Promise<ReaderRow[]> {
  const rows: ReaderRow[] = [];
  for (const [file, bytes] of files) {
    const expected = await readOwn(bytes);
    for (const { reader, read } of WAYS) {
      const seconds: number[] = [];
      for (let run = 0; run <= runs; run++) {
        const begin = performance.now();
        const records = await read(bytes);
        seconds.push((performance.now() - begin) / 1_000);
        // papaparse treats a final line ending as an additional empty record.
        if (records - expected > 1 || records < expected) throw new Error(`${reader} read ${records} of ${expected}`);
      }
      const median = seconds.slice(1).sort((a, b) => a - b)[Math.floor(runs / 2)];
      rows.push({ file, reader, megabytesPerSecond: bytes.length / 1e6 / median });
      console.error(`${file}, ${reader}: ${(bytes.length / 1e6 / median).toFixed(0)} MB/s`);
    }
  }
  return rows;
}

/** The same roster with every value in quotes. */
export function inQuotes(roster: Uint8Array): Uint8Array {
  return new TextEncoder().encode(textOf(roster).replace(/[^,\n]+/g, '"$&"'));
}
