/**
 * Finds users who may be missing after an import that skipped unchanged records (docs/people.md#missing-users). These
 * are the users whom the feed names and who have no skipped record.
 */
import { Buffer } from "node:buffer";
import type { UnchangedTable } from "../../importer/digests/unchanged_table.ts";
import type { Tx } from "../connection/connect.ts";
import { pagesOf } from "../connection/pages.ts";
import namedKeys from "../queries/unchanged/named_keys.sql" with { type: "text" };

const KEY_BYTES = 8;

/** Writes the keys of these users to the table `unmet`. Resolves to the number of users whom the feed names. */
export async function listUnmet(tx: Tx, feed: string, table: UnchangedTable): Promise<number> {
  const pieces: BigInt64Array[] = [];
  let named = 0;
  for await (const page of pagesOf(tx.unsafe<{ keys: string }[]>(namedKeys, [feed]).cursor(4))) {
    for (const { keys } of page) {
      const bytes = Buffer.from(keys, "base64");
      named += bytes.length / KEY_BYTES;
      pieces.push(unmetOf(bytes, table));
    }
  }
  for (const piece of pieces) {
    if (piece.length > 0) await tx`insert into unmet select unnest(${Array.from(piece, String)}::bigint[])`;
  }
  await tx.unsafe("analyze unmet");
  return named;
}

function unmetOf(keys: Buffer, table: UnchangedTable): BigInt64Array {
  const unmet = new BigInt64Array(keys.length / KEY_BYTES);
  let length = 0;
  for (let at = 0; at < keys.length; at += KEY_BYTES) {
    const isSkipped = table.isSkipped(keys.readInt32BE(at + 4), keys.readInt32BE(at));
    if (!isSkipped) unmet[length++] = keys.readBigInt64BE(at);
  }
  return unmet.slice(0, length);
}
