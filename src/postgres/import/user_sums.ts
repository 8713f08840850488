/**
 * Determines which users may have changed, by any means, between two reads of `rosterd.users`. Each change creates a
 * new version of the row, with a different `xmin`. Users are divided into buckets by their key, and each bucket has a
 * sum over the keys and row versions of its users.
 */
import { Buffer } from "node:buffer";
import type { Tx } from "../connection/connect.ts";
import { withValues } from "./queries.ts";
import allRows from "../queries/unchanged/all_rows.sql" with { type: "text" };
import createdRows from "../queries/unchanged/created_rows.sql" with { type: "text" };
import sums from "../queries/unchanged/sums.sql" with { type: "text" };
import total from "../queries/unchanged/total.sql" with { type: "text" };
import unsharedRows from "../queries/unchanged/unshared_rows.sql" with { type: "text" };
import writtenRows from "../queries/unchanged/written_rows.sql" with { type: "text" };

const SUM_BYTES = 8;
const MIN_BUCKETS = 16, MAX_BUCKETS = 1 << 14;
/** How many bytes of the roster share a bucket: about 60 records. */
const BUCKET_BYTES = 1 << 13;
/**
 * Turns sorting off for one query. The planner would otherwise choose a sort, because it does not know how many users
 * the import created.
 */
const NO_SORT = ["set local enable_sort = off", "set local enable_sort to default"];

/** Describes the rows that an import has written. */
export interface Written {
  importId: number;
  /** The number of users that the import inserted directly into the empty table. */
  created: number;
  /** Whether the import wrote users according to its plan. */
  isPlanned: boolean;
}

export function bucketsFor(bytes: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(bytes / BUCKET_BYTES, 1)));
  return Math.min(Math.max(wanted, MIN_BUCKETS), MAX_BUCKETS);
}

export class UserSums {
  /** The number of users that {@link areCurrent} counted. */
  users = 0;

  private constructor(private readonly tx: Tx, private readonly sums: BigInt64Array) {}

  /** Reads sums from base64. Their bytes are the ones that {@link toHex} returns in hexadecimal. */
  static fromBase64(tx: Tx, text: string): UserSums {
    const bytes = Uint8Array.from(Buffer.from(text, "base64"));
    return new UserSums(tx, new BigInt64Array(bytes.buffer, 0, bytes.length / SUM_BYTES));
  }

  static async now(tx: Tx, buckets: number): Promise<UserSums> {
    const now = new UserSums(tx, new BigInt64Array(buckets));
    await now.#add(allRows);
    return now;
  }

  get buckets(): number {
    return this.sums.length;
  }

  /**
   * Returns true if no user has changed. This check is faster than finding out which users have changed. It also counts
   * the users.
   */
  async areCurrent(): Promise<boolean> {
    const [row] = await this.tx.unsafe<{ total: string; users: number }[]>(total);
    this.users = row.users;
    return BigInt(row.total) === this.sums.reduce((all, sum) => all + sum, 0n);
  }

  /** Returns 1 for each bucket whose sum differs, and 0 for each other bucket. */
  differing(other: UserSums): Uint8Array {
    return Uint8Array.from(this.sums, (sum, bucket) => sum === other.sums[bucket] ? 0 : 1);
  }

  /** Adds the rows that the import wrote according to its plan. Rows written by other programs are left out. */
  addWritten(): Promise<void> {
    return this.#add(writtenRows);
  }

  addCreated(importId: number): Promise<void> {
    return this.#add(createdRows, importId);
  }

  /** Like {@link addWritten} or {@link addCreated}, but adds only the rows of users whom `feed` does not name. */
  async addUnshared(feed: string, { importId, created }: Written): Promise<void> {
    await this.#add(unsharedRows.replace("{{rows}}", created > 0 ? createdRows : writtenRows), importId, feed);
  }

  toHex(): string {
    return Buffer.from(this.sums.buffer).toString("hex");
  }

  async #add(rows: string, importId = 0, feed = ""): Promise<void> {
    const query = withValues(sums.replace("{{rows}}", rows), this.buckets - 1, importId, feed);
    const answers = await this.tx.unsafe(NO_SORT.join(`; ${query}; `)) as unknown as { sums: string | null }[][];
    const [{ sums: text }] = answers.find((rows) => rows.length > 0)!;
    const pairs = Buffer.from(text ?? "", "base64");
    for (let at = 0; at < pairs.length; at += 4 + SUM_BYTES) {
      this.sums[pairs.readInt32BE(at)] += pairs.readBigInt64BE(at + 4);
    }
  }
}
