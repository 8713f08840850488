/**
 * Keeps the digests of the records that were applied last (`../importer/known_records.ts`), in the transaction of an import: what is
 * known changes together with the users, or not at all.
 *
 * The log grows by what is new, and is written anew when most of it is out of date.
 */
import { Buffer } from "node:buffer";
import { ENTRY_BYTES, type KnownRecords, MOST_KNOWN } from "../importer/known_records.ts";
import type { Tx } from "./connect.ts";
import begin from "./queries/known/begin.sql" with { type: "text" };
import consume from "./queries/known/consume.sql" with { type: "text" };
import noteUnsure from "./queries/known/note_unsure.sql" with { type: "text" };
import putBack from "./queries/known/put_back.sql" with { type: "text" };

/** More users than this who were changed by others are not told one by one. */
const MOST_CHANGED = 100_000;
/** What is known is worth reading when that is at most so many times less than reading the roster. */
const WORTH = 2;

/** With more entries than this most of the log is out of date: it is written anew. */
function mostEntries(users: number): number {
  return 1.5 * users + 50_000;
}

const FORGET_ALL = "delete from rosterd.known_records; delete from rosterd.changed_users";

/** What is to be done with the log in the end. */
type Ending = "forget" | "append" | "rewrite";

export class KnownStore {
  #ending: Ending = "forget";
  #consumes = false;

  /** `known` null: nothing is to be known from now on. */
  constructor(private readonly tx: Tx, private readonly known: KnownRecords | null) {}

  /** Fills in what is known, when that is worth it for a roster of so many bytes. */
  async recall(bytes: number): Promise<void> {
    const { known } = this;
    const answers = await this.tx.unsafe(begin) as unknown as {
      entries: number;
      watched: boolean;
      changed: number;
    }[][];
    const [{ entries, watched, changed }] = answers[answers.length - 1];
    if (known === null || !watched) return;
    const isTooMuch = changed > MOST_CHANGED || entries > mostEntries(MOST_KNOWN);
    if (isTooMuch) await this.tx.unsafe(FORGET_ALL);
    this.#ending = "append";
    if (isTooMuch || entries === 0 || entries * ENTRY_BYTES * WORTH > bytes) return;
    await this.#load(known, entries, changed);
  }

  /** Keeps what is new, when the users are changed and nothing else can go wrong. */
  async keep(): Promise<void> {
    const { tx, known } = this;
    if (known === null || this.#ending === "forget" || known.overflows) return void await tx.unsafe(FORGET_ALL);
    const rewrites = this.#ending === "rewrite";
    if (rewrites) {
      await tx`delete from rosterd.known_records`;
      for (const piece of known.loaded()) await this.#add(piece);
    } else if (this.#consumes) await tx.unsafe(putBack);
    for (const piece of known.fresh()) await this.#add(piece);
    await tx.unsafe(noteUnsure);
  }

  async #load(known: KnownRecords, entries: number, changed: number): Promise<void> {
    const { tx } = this;
    known.expect(entries);
    // As text in base64: from the hexadecimal one of bytea the driver needs four times as long.
    const pieces = tx<{ text: string }[]>`
      select encode(digests, 'base64') as text from rosterd.known_records order by id`;
    for await (const rows of pieces.cursor(4)) {
      for (const { text } of rows) known.add(Buffer.from(text, "base64"));
      // In the driver each page hangs on the one before.
      rows.length = 0;
    }
    if (changed > 0) {
      const answers = await tx.unsafe(consume) as unknown as { unique_id: string }[][];
      for (const { unique_id } of answers[answers.length - 1]) known.forget(unique_id);
      this.#consumes = true;
    }
    if (entries > mostEntries(known.size)) this.#ending = "rewrite";
  }

  /** Without a value in it: so the statement goes to the server and back once, not twice. */
  async #add(digests: Uint8Array): Promise<void> {
    const hex = Buffer.from(digests.buffer, digests.byteOffset, digests.length).toString("hex");
    const entries = digests.length / ENTRY_BYTES;
    await this.tx.unsafe(`insert into rosterd.known_records (entries, digests) values (${entries}, '\\x${hex}')`);
  }
}
