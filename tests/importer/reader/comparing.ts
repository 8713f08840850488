/** Compares our reader with another one over many generated files. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type GeneratedCsv, generatedCsv, type Peer } from "./generated_csv.ts";
import { type Read, readByUs } from "./our_reading.ts";

export interface OtherReader {
  name: string;
  peer: Peer;
  /** What it makes of a file, by the contract: its records, or the line at which the file looks cut off. */
  read(file: GeneratedCsv): Promise<Read[] | number> | Read[] | number;
  /** What of a reading, be it ours or the other one, is compared; all of it by default. */
  comparable?(reads: Read[], file: GeneratedCsv): unknown[];
}

/** How many files the other reader read whole, and how many it refused at some record. */
export interface Compared {
  whole: number;
  refused: number;
}

/** Compares so many generated files. */
export async function compare(other: OtherReader, { files, seed }: { files: number; seed: number }): Promise<Compared> {
  const compared = { whole: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(generatedCsv(other.peer), fc.constantFrom(1, 7, 65_536), async (file, chunk) => {
      const theirs = await compareOne(other, file, chunk);
      const whole = Array.isArray(theirs) && theirs.every((record) => "values" in record);
      compared[whole ? "whole" : "refused"]++;
      // The records before a cut are seen when the last line has an end.
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
  // One after the other: were ours to fail first, the other's answer would be taken for that to the next question.
  const theirs = await other.read(file);
  const ours = await readByUs(file, chunk);
  const comparable = (reads: Read[] | number) =>
    Array.isArray(reads) && other.comparable ? other.comparable(reads, file) : reads;
  assert.deepEqual(comparable(ours), comparable(theirs));
  return theirs;
}
