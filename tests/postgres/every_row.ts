/** The contents of the database, as text that can be searched for traces of a user. */
import { UserKey } from "../../src/importer/digests/user_key.ts";
import type { RosterDatabase } from "./roster_database.ts";

/** Every row of every table and the keys in the caches, as text. */
export async function everything({ sql }: RosterDatabase): Promise<string> {
  const tables = await sql<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = 'rosterd'::regnamespace and relkind = 'r' order by relname`;
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await sql.unsafe(`select to_jsonb(t)::text as text from rosterd.${name} as t`);
    texts.push(...rows.map(({ text }) => `${name}: ${text}`));
  }
  return texts.join("\n");
}

/** The key of a user in the unchanged-record caches. */
export function keyOf(id: string): string {
  const key = new UserKey(), bytes = new TextEncoder().encode(id), hex = new DataView(new ArrayBuffer(8));
  key.take(new DataView(bytes.buffer), 0, bytes.length);
  hex.setInt32(0, key.low, true);
  hex.setInt32(4, key.high, true);
  return new Uint8Array(hex.buffer).toHex();
}
