/**
 * Keeps the unchanged-record cache (`../importer/unchanged_cache.ts`) in the transaction of an import: it changes together with the
 * users, or not at all.
 *
 * The log grows by what is new, and is written anew when most of it is out of date.
 */
import { Buffer } from "node:buffer";
import type { UnchangedCache } from "../../importer/digests/unchanged_cache.ts";
import { MAX_CACHED_USERS } from "../../importer/digests/unchanged_journal.ts";
import { ENTRY_BYTES, type UnchangedTable } from "../../importer/digests/unchanged_table.ts";
import type { Tx } from "../connection/connect.ts";
import begin from "../queries/known/begin.sql" with { type: "text" };
import consume from "../queries/known/consume.sql" with { type: "text" };
import noteUnsure from "../queries/known/note_unsure.sql" with { type: "text" };
import putBack from "../queries/known/put_back.sql" with { type: "text" };

/** More users than this who were changed by others are not told one by one. */
const MAX_CHANGED_USERS = 100_000;
/** The cache is worth loading when the roster has at least this many times its bytes. */
const WORTH = 2;

/** With more entries than this most of the log is out of date: it is written anew. */
function maxEntries(users: number): number {
  return 1.5 * users + 50_000;
}

const FORGET_ALL = "delete from rosterd.known_records; delete from rosterd.changed_users";

/** What is to be done with the log in the end. */
type Ending = "forget" | "append" | "rewrite";

export class UnchangedStore {
  #ending: Ending = "forget";
  #consumes = false;

  /** `cache` null: whatever was kept is forgotten. */
  constructor(private readonly tx: Tx, private readonly cache: UnchangedCache | null) {}

  /** Fills the table of the cache, when that is worth it for a roster of so many bytes. */
  async load(bytes: number): Promise<void> {
    const { cache } = this;
    const answers = await this.tx.unsafe(begin) as unknown as {
      entries: number;
      watched: boolean;
      changed: number;
    }[][];
    const [{ entries, watched, changed }] = answers[answers.length - 1];
    if (cache === null || !watched) return;
    const isTooMuch = changed > MAX_CHANGED_USERS || entries > maxEntries(MAX_CACHED_USERS);
    if (isTooMuch) await this.tx.unsafe(FORGET_ALL);
    this.#ending = "append";
    if (isTooMuch || entries === 0 || entries * ENTRY_BYTES * WORTH > bytes) return;
    await this.#load(cache.table, entries, changed);
  }

  /** Keeps what is new, when the users are changed and nothing else can go wrong. */
  async keep(): Promise<void> {
    const { tx, cache } = this;
    if (cache === null || this.#ending === "forget" || cache.journal.overflows) return void await tx.unsafe(FORGET_ALL);
    const rewrites = this.#ending === "rewrite";
    if (rewrites) {
      await tx`delete from rosterd.known_records`;
      for (const piece of cache.table.entries()) await this.#add(piece);
    } else if (this.#consumes) await tx.unsafe(putBack);
    for (const piece of cache.journal.entries()) await this.#add(piece);
    await tx.unsafe(noteUnsure);
  }

  async #load(table: UnchangedTable, entries: number, changed: number): Promise<void> {
    const { tx } = this;
    table.expect(entries);
    // As text in base64: from the hexadecimal one of bytea the driver needs four times as long.
    const pieces = tx<{ text: string }[]>`
      select encode(digests, 'base64') as text from rosterd.known_records order by id`;
    for await (const rows of pieces.cursor(4)) {
      for (const { text } of rows) table.add(Buffer.from(text, "base64"));
      // In the driver each page hangs on the one before.
      rows.length = 0;
    }
    if (changed > 0) {
      const answers = await tx.unsafe(consume) as unknown as { unique_id: string }[][];
      for (const { unique_id } of answers[answers.length - 1]) table.forget(unique_id);
      this.#consumes = true;
    }
    if (entries > maxEntries(table.size)) this.#ending = "rewrite";
  }

  /** Without a value in it: so the statement goes to the server and back once, not twice. */
  async #add(digests: Uint8Array): Promise<void> {
    const hex = Buffer.from(digests.buffer, digests.byteOffset, digests.length).toString("hex");
    const entries = digests.length / ENTRY_BYTES;
    await this.tx.unsafe(`insert into rosterd.known_records (entries, digests) values (${entries}, '\\x${hex}')`);
  }
}
