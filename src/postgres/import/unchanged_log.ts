/**
 * The unchanged-record cache in the database: a log to which new entries are appended, and which is rewritten when most
 * of it is out of date.
 */
import { Buffer } from "node:buffer";
import type { UnchangedCache } from "../../importer/digests/unchanged_cache.ts";
import { ENTRY_BYTES, type UnchangedTable } from "../../importer/digests/unchanged_table.ts";
import type { Tx } from "../connection/connect.ts";
import { withValues } from "./queries.ts";

export interface LogSize {
  pieces: number;
  entries: number;
}

/** What happens to the existing entries of the log. */
export type LogEnding = "append" | "rewrite" | "begin";

/** With more entries than this, most of the log is out of date. */
export function maxEntries(users: number): number {
  return 1.5 * users + 1_000;
}

/** With more pieces than this, the log is slow to load. */
function maxPieces(users: number): number {
  return users / 1_000 + 50;
}

/** Fills the table and returns how to write the log. */
export async function loadLog(
  tx: Tx,
  feed: string,
  table: UnchangedTable,
  { pieces, entries }: LogSize,
): Promise<LogEnding> {
  table.expect(entries);
  // Read as base64 text, because the driver takes four times as long to parse the hexadecimal text of bytea.
  const rows = tx<{ text: string }[]>`
    select encode(digests, 'base64') as text from rosterd.known_records
    where feed = ${feed} order by id`;
  for await (const page of rows.cursor(4)) {
    for (const { text } of page) table.add(Buffer.from(text, "base64"));
    // The driver links each page to the one before, so each page must be emptied to free its memory.
    page.length = 0;
  }
  return entries > maxEntries(table.size) || pieces > maxPieces(table.size) ? "rewrite" : "append";
}

export async function writeLog(
  tx: Tx,
  feed: string,
  { table, journal }: UnchangedCache,
  ending: LogEnding,
): Promise<void> {
  if (ending !== "append") await tx`delete from rosterd.known_records where feed = ${feed}`;
  if (ending === "rewrite") { for (const piece of table.entries()) await add(tx, feed, piece); }
  for (const piece of journal.entries()) await add(tx, feed, piece);
}

const ADD = "insert into rosterd.known_records (feed, entries, digests) values ($1, $2, '\\xHEX')";

/** Without parameters, the statement takes one round trip instead of two. */
async function add(tx: Tx, feed: string, digests: Uint8Array): Promise<void> {
  const hex = Buffer.from(digests.buffer, digests.byteOffset, digests.length).toString("hex");
  const entries = digests.length / ENTRY_BYTES;
  await tx.unsafe(withValues(ADD, feed, entries).replace("HEX", hex));
}
