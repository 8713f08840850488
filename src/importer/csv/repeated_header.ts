/**
 * Drops headers that are repeated among the records, as in concatenated rosters or the pages of a report. A repeated
 * header that differs from the first one causes the file to be rejected, because the records after it have different
 * columns.
 */
import { foldHeader } from "../../domain/columns.ts";
import { reject } from "../../domain/outcome.ts";
import type { Batch } from "./batch.ts";
import type { Header, KnownNames } from "../checks/header.ts";
import type { ReadingNotes } from "./reading_notes.ts";

const encoder = new TextEncoder();

/** If two rosters are joined, the second one may still begin with a byte order mark. */
const BYTE_ORDER_MARK = "\ufeff";

/** Drops the headers of a batch. Throws `RejectedFile` with `another_header`. */
export type DropHeaders = (batch: Batch) => void;

export function createDropHeaders(
  header: Header,
  headerLine: number,
  known: KnownNames,
  notes: ReadingNotes,
): DropHeaders {
  const [uniqueId, loginSource] = header.present.map(({ positions }) => positions[0]);
  const folded = header.names.map(foldHeader);
  const begins = beginnings([...known.keys(), header.names[uniqueId], BYTE_ORDER_MARK]);
  return (batch) => {
    // The loop runs backwards, because dropping a record shifts the later records.
    for (let record = batch.count - 1; record >= 0; record--) {
      const value = batch.firstValue[record] + uniqueId, from = batch.start[value];
      // The first two bytes rule out nearly every id without decoding it.
      if (begins[(batch.bytes[from] | 0x20) << 8 | batch.bytes[from + 1] | 0x20] === 0 || batch.malformed.has(record)) {
        continue;
      }
      const names = batch.values(record).map(foldHeader);
      if (!known.has(names[uniqueId]) || !known.has(names[loginSource])) continue;
      const line = batch.line[record];
      if (names.some((name, at) => name !== folded[at])) rejectOther(line, headerLine);
      notes.skip(line);
      batch.drop(record);
    }
  };
}

/** A lookup table of the first two bytes of the names, ignoring case. */
function beginnings(names: readonly string[]): Uint8Array {
  const begins = new Uint8Array(1 << 16);
  for (const name of names) {
    const [first, second] = encoder.encode(name);
    begins[(first | 0x20) << 8 | second | 0x20] = 1;
  }
  return begins;
}

function rejectOther(line: number, headerLine: number): never {
  reject(
    "another_header",
    `the header on line ${line} has different columns from the one on line ${headerLine}: upload the rosters separately`,
    line,
  );
}
