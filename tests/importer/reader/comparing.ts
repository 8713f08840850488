/** Compares rosterd's reader with another one on many generated files. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type GeneratedCsv, generatedCsv, type Peer } from "./generated_csv.ts";
import { type Read, readByUs } from "./our_reading.ts";

export interface OtherReader {
  name: string;
  peer: Peer;
  /** Reads a file according to rosterd's rules. Returns the records, or the line at which the file looks cut off. */
  read(file: GeneratedCsv): Promise<Read[] | number> | Read[] | number;
  /** Selects the parts of both results to compare; by default, the whole results. */
  comparable?(reads: Read[], file: GeneratedCsv): unknown[];
}

/** The number of files that the other reader read completely, and the number in which it refused a record. */
export interface Compared {
  whole: number;
  refused: number;
}

/** Compares this many generated files. */
export async function compare(other: OtherReader, { files, seed }: { files: number; seed: number }): Promise<Compared> {
  const compared = { whole: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(generatedCsv(other.peer), fc.constantFrom(1, 7, 65_536), async (file, chunk) => {
      const theirs = await compareOne(other, file, chunk);
      const whole = Array.isArray(theirs) && theirs.every((record) => "values" in record);
      compared[whole ? "whole" : "refused"]++;
      // Once a line ending is added, the records before the cut can be compared.
      if (!Array.isArray(theirs)) await compareOne(other, { ...file, text: file.text + "\n" }, chunk);
    }),
    { numRuns: files, seed },
  );
  console.log(
    `compared ${files} files with ${other.name} (seed ${seed}): none differs; ${compared.whole} read whole, ` +
      `${compared.refused} refused at some record`,
  );
  return compared;
}

async function compareOne(other: OtherReader, file: GeneratedCsv, chunk: number): Promise<Read[] | number> {
  // The two readers take turns. If rosterd's reader failed first, the other reader's result would be attributed to the
  // next file.
  const theirs = await other.read(file);
  const ours = await readByUs(file, chunk);
  const comparable = (reads: Read[] | number) =>
    Array.isArray(reads) && other.comparable ? other.comparable(reads, file) : reads;
  assert.deepEqual(comparable(ours), comparable(theirs));
  return theirs;
}
