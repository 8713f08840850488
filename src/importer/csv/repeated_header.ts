/**
 * Takes the header out of a roster where it stands again among the records: rosters that were put together, pages of a report.
 * Nobody is called "unique_id". Another header is not skipped: the columns behind it are others, and the file is rejected.
 */
import { foldHeader } from "../../domain/columns.ts";
import { reject } from "../../domain/outcome.ts";
import type { Batch } from "./batch.ts";
import type { Header, KnownNames } from "../checks/header.ts";
import type { ReadingNotes } from "./reading_notes.ts";

const encoder = new TextEncoder();

/** Stands before the header of a roster that was put behind another one. */
const BYTE_ORDER_MARK = "\ufeff";

/** Takes what is a header out of a batch. Throws `RejectedFile`, `another_header`. */
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
    // Backwards, because a record that is dropped moves those behind it.
    for (let record = batch.count - 1; record >= 0; record--) {
      const value = batch.firstValue[record] + uniqueId, from = batch.start[value];
      // Nearly no id begins like a header: its first two bytes tell, without making text of it.
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

/** Which two bytes known names begin with, letter case ignored. */
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
    `line ${line} is a header with other columns than the one on line ${headerLine}: upload the two rosters one by one`,
    line,
  );
}
