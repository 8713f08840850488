/** Removes the entries of erased users from the unchanged-record caches of all feeds. The caches stay valid. */
import { Buffer } from "node:buffer";
import { ENTRY_BYTES } from "../../importer/digests/unchanged_table.ts";
import type { Tx } from "../connection/connect.ts";
import { pagesOf } from "../connection/pages.ts";
import log from "../queries/unchanged/log.sql" with { type: "text" };

/** The keys of the users: a map from the lower half of each key to the upper halves that occur with it. */
type Keys = Map<number, Set<number>>;

interface Piece {
  id: number;
  /** What is left of the piece without the entries of these users. */
  left: Buffer;
}

const LOG = log.replace("$1", "s.feed");

/** Selects the feeds whose stored state matches their log. */
const VALID_STATES = `select feed from rosterd.known_state as s where xmin = written_by and log = (${LOG})`;
const WRITE_LOG =
  `update rosterd.known_state as s set log = (${LOG}) where feed in (select jsonb_array_elements_text($1::text::jsonb))`;
const WRITE_OWNER =
  "update rosterd.known_state set written_by = xmin where feed in (select jsonb_array_elements_text($1::text::jsonb))";

/** Removes the cache entries of the ids in the table `erased_ids`. */
export async function eraseDigests(tx: Tx): Promise<void> {
  const pieces = await findPieces(tx, await keysOf(tx));
  if (pieces.length === 0) return;
  const valid = await tx.unsafe<{ feed: string }[]>(VALID_STATES);
  for (const { id, left } of pieces) {
    if (left.length === 0) await tx`delete from rosterd.known_records where id = ${id}`;
    else {
      const entries = left.length / ENTRY_BYTES;
      await tx`
        update rosterd.known_records set entries = ${entries}, digests = decode(${left.toString("hex")}, 'hex')
        where id = ${id}`;
    }
  }
  const feeds = JSON.stringify(valid.map(({ feed }) => feed));
  await tx.unsafe(WRITE_LOG, [feeds]);
  await tx.unsafe(WRITE_OWNER, [feeds]);
}

async function keysOf(tx: Tx): Promise<Keys> {
  const rows = await tx<{ key: string }[]>`
    select encode(int8send(hashtextextended(unique_id collate "C", 0)), 'hex') as key from erased_ids`;
  const keys: Keys = new Map();
  for (const { key } of rows) {
    const bytes = Buffer.from(key, "hex"), low = bytes.readInt32BE(4);
    keys.set(low, (keys.get(low) ?? new Set()).add(bytes.readInt32BE(0)));
  }
  return keys;
}

/** Finds the pieces of the logs that have entries with these keys. */
async function findPieces(tx: Tx, keys: Keys): Promise<Piece[]> {
  const found: Piece[] = [];
  const rows = tx<{ id: number; text: string }[]>`
    select id, encode(digests, 'base64') as text from rosterd.known_records order by id`;
  for await (const page of pagesOf(rows.cursor(4))) {
    for (const { id, text } of page) {
      const left = withoutKeys(Buffer.from(text, "base64"), keys);
      if (left !== null) found.push({ id, left });
    }
  }
  return found;
}

/** Returns null if no entry has any of the keys. */
function withoutKeys(piece: Buffer, keys: Keys): Buffer | null {
  const kept: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < piece.length; at += ENTRY_BYTES) {
    if (keys.get(piece.readInt32LE(at))?.has(piece.readInt32LE(at + 4)) !== true) continue;
    kept.push(piece.subarray(from, at));
    from = at + ENTRY_BYTES;
  }
  return from === 0 ? null : Buffer.concat([...kept, piece.subarray(from)]);
}
