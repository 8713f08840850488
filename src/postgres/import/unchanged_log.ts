/**
 * Stores the unchanged-record cache as a log. New entries are appended, and the log is rewritten when most of it is out
 * of date.
 */
import { Buffer } from "node:buffer";
import { ENTRY_BYTES, PIECE_ENTRIES, type UnchangedTable } from "../../importer/digests/unchanged_table.ts";
import type { Tx } from "../connection/connect.ts";
import { pagesOf } from "../connection/pages.ts";
import { withValues } from "./queries.ts";

export interface LogSize {
  pieces: number;
  entries: number;
}

/** The maximum number of entries. A log with more entries is rewritten. */
function maxEntries(users: number): number {
  return 1.25 * users + 1_000;
}

/** The maximum number of pieces. A log with more pieces is slow to load. */
function maxPieces(users: number): number {
  return users / 1_000 + 50;
}

/** The maximum fraction of stale users. If more users are stale, a new log is smaller than their withdrawals. */
const MAX_STALE_PART = 0.1;

/** Fills the table from the log. `users`: the approximate number of users in the log. */
export async function loadLog(tx: Tx, feed: string, table: UnchangedTable, users: number): Promise<void> {
  table.expect(users);
  // The log is read as base64 text, because the driver takes four times as long to parse the hexadecimal text of bytea.
  const rows = tx<{ text: string }[]>`
    select encode(digests, 'base64') as text from rosterd.known_records
    where feed = ${feed} order by id`;
  // All pieces share one buffer. A buffer for each piece would create garbage and make the process grow.
  const piece = Buffer.alloc(PIECE_ENTRIES * ENTRY_BYTES);
  for await (const page of pagesOf(rows.cursor(4))) {
    for (const { text } of page) table.add(piece.subarray(0, piece.write(text, "base64")));
  }
}

/** Whether the log should be rewritten from the table. */
export function isOutdated({ size, stale }: UnchangedTable, { pieces, entries }: LogSize): boolean {
  return entries > maxEntries(size) || pieces > maxPieces(size) || stale > MAX_STALE_PART * size;
}

export async function clearLog(tx: Tx, feed: string): Promise<void> {
  await tx`delete from rosterd.known_records where feed = ${feed}`;
}

const APPEND = "insert into rosterd.known_records (feed, entries, digests) values ($1, $2, '\\xHEX')";

export async function appendLog(tx: Tx, feed: string, pieces: Iterable<Uint8Array>): Promise<void> {
  for (const digests of pieces) {
    const hex = Buffer.from(digests.buffer, digests.byteOffset, digests.length).toString("hex");
    const entries = digests.length / ENTRY_BYTES;
    // Without parameters, the statement takes one round trip instead of two.
    await tx.unsafe(withValues(APPEND, feed, entries).replace("HEX", hex));
  }
}
