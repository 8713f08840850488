/**
 * Loads and saves the unchanged-record cache (`../../importer/digests/unchanged_cache.ts`) in the transaction of an
 * import, so that the cache changes together with the users or not at all.
 *
 * An entry is valid as long as the user's row is still the version that rosterd wrote or compared (`user_sums.ts`), in
 * the same table with the same columns. If reading the users would cost too much, an import leaves the cache unchanged,
 * and the next import notices the users that have changed.
 */
import type { UnchangedCache } from "../../importer/digests/unchanged_cache.ts";
import { MAX_CACHED_USERS } from "../../importer/digests/unchanged_journal.ts";
import type { Tx } from "../connection/connect.ts";
import { pagesOf } from "../connection/pages.ts";
import about from "../queries/unchanged/about.sql" with { type: "text" };
import log from "../queries/unchanged/log.sql" with { type: "text" };
import onlyOurs from "../queries/unchanged/only_ours.sql" with { type: "text" };
import newlyNamed from "../queries/unchanged/newly_named.sql" with { type: "text" };
import stagedNamed from "../queries/unchanged/staged_named.sql" with { type: "text" };
import unskippable from "../queries/unchanged/unskippable.sql" with { type: "text" };
import unsure from "../queries/unchanged/unsure.sql" with { type: "text" };
import { withValues } from "./queries.ts";
import { appendLog, clearLog, isOutdated, loadLog, type LogSize } from "./unchanged_log.ts";
import { listUnmet } from "./unmet_users.ts";
import { bucketsFor, UserSums, type Written } from "./user_sums.ts";

/** The users are read only if their table is at most this many times as large as the roster. */
const WORTH = 8;
/** The stored sums are used only if the roster needs at most this many times as many buckets. */
const MAX_GROWTH = 8;
/** The maximum fraction of buckets with changed users. If more buckets have changed, the cache starts over. */
const MAX_CHANGED_PART = 0.5;
/** The maximum length of a log. Loading a longer log takes more time than comparing the records. */
const MAX_LOG_ENTRIES = 3 * MAX_CACHED_USERS;
/** The `UserKey` of "rosterd". If a server computes a different value, its keys do not match those of rosterd. */
const PROBE = "259664528327011823";

const FORGET_ALL = "delete from rosterd.known_records where feed = $1; delete from rosterd.known_state where feed = $1";
const WRITE_STATE = `
  delete from rosterd.known_state where feed = $1;
  insert into rosterd.known_state (feed, tie, log, named, sums) select $1, $2, (${log}), $3, '\\xHEX';
  update rosterd.known_state set written_by = xmin where feed = $1`;

const NAMED = "select count(*) as users from rosterd.users where feeds ? $1";

const OTHER_STATES = `
  select feed, encode(sums, 'base64') as sums from rosterd.known_state where feed <> $1 and tie = $2 and xmin = written_by`;
const WRITE_SUMS = `
  update rosterd.known_state set sums = '\\xHEX' where feed = $1;
  update rosterd.known_state set written_by = xmin where feed = $1`;

/** The current state of the users table, and the state that the last import stored (`about.sql`). */
interface About extends LogSize {
  tie: string | null;
  probe: string;
  bytes: number;
  log: string;
  states: number;
  known_tie: string | null;
  known_log: string | null;
  known_named: number | null;
  known_sums: string | null;
}

interface Keeping {
  tie: string;
  /** The sums of the users before the import changed any of them. */
  sums: UserSums;
  /** Whether users have changed since the sums were stored, or this import has rewritten the log. */
  isChanged: boolean;
}

export class UnchangedStore {
  #keeping: Keeping | null = null;
  /** The number of users whom the feed names; null if unknown. */
  #named: number | null = null;
  /** The number of such users that the database stores. */
  #storedNamed: number | null = null;
  /** Whether the import looks for missing users. If so, the next import needs to know how many users the feed names. */
  #isSnapshot = false;

  /**
   * Each feed has a separate cache. If `cache` is null, no records are skipped, and the stored cache stays unchanged.
   */
  constructor(private readonly tx: Tx, private readonly feed: string, readonly cache: UnchangedCache | null) {}

  /** Whether {@link append} should store the new entries now, because there are many. */
  get isLarge(): boolean {
    return this.cache !== null && this.cache.journal.isLarge;
  }

  /** Appends the new entries to the log, so that memory does not grow with the roster. */
  async append(): Promise<void> {
    const { tx, feed, cache } = this;
    if (cache === null) return;
    const pieces = cache.journal.take();
    // An import that does not read the users stores no entries.
    if (this.#keeping !== null) await appendLog(tx, feed, pieces);
  }

  /** Loads the cache, unless the roster is too small for the cache to pay off. */
  async load(bytes: number): Promise<void> {
    const { tx, feed, cache } = this;
    if (cache === null) return;
    const answers = await tx.unsafe(withValues(about.replace("{{log}}", log), feed)) as unknown as About[][];
    const [found] = answers[answers.length - 1], { tie } = found;
    if (tie === null || found.probe !== PROBE || found.bytes > WORTH * bytes) return;
    const kept = this.#kept(found, bytes);
    const isChanged = kept === null || !await kept.areCurrent();
    const sums = isChanged ? await UserSums.now(tx, kept?.buckets ?? bucketsFor(bytes)) : kept;
    const size = { ...found, users: kept?.users ?? 0 };
    const isRewritten = await this.#load(cache, size, kept === null ? null : sums.differing(kept));
    this.#keeping = { tie, sums, isChanged: isChanged || isRewritten };
    this.#storedNamed = found.known_named;
    this.#named = isChanged ? null : found.known_named;
  }

  /**
   * Determines which users may be missing: none, only those in the table `unmet`, or any user. Call this method once
   * all records are staged.
   */
  async findUnmet(): Promise<"none" | "listed" | "any"> {
    const { tx, feed, cache } = this, skipped = cache?.matcher.skipped ?? 0;
    this.#isSnapshot = true;
    if (cache === null || skipped === 0) return "any";
    if (this.#named !== null && !cache.journal.hasRepeated) {
      const [{ users }] = await tx.unsafe(withValues(stagedNamed, feed));
      if (skipped + users === this.#named) return "none";
    }
    this.#named = await listUnmet(tx, feed, cache.table);
    return "listed";
  }

  /** Stores the new entries. Call this method last, after the users have been changed. */
  async keep(written: Written): Promise<void> {
    const { tx, feed, cache } = this, keeping = this.#keeping, { importId, created, isPlanned } = written;
    if (cache === null || keeping === null) return;
    const { journal } = cache, { sums, isChanged } = keeping, isDirect = created > 0;
    const [{ only_ours }] = isDirect || isPlanned ? await tx.unsafe(onlyOurs) : [{ only_ours: true }];
    if (isDirect && !only_ours) return void await tx.unsafe(withValues(FORGET_ALL, feed));
    if (isDirect || isPlanned) await this.#keepOthers(keeping, written);
    if (isDirect) await sums.addCreated(importId);
    else if (isPlanned) await sums.addWritten();
    await this.#eachUser(unsure, [!only_ours], (uniqueId) => journal.withdraw(uniqueId));
    if (!isChanged && !isPlanned && journal.isEmpty && this.#named === this.#storedNamed) return;
    await this.append();
    await this.#writeState(keeping, await this.#namedAfter(written));
  }

  /**
   * Updates the sums of other feeds for changes to users whom those feeds do not name, so that their caches stay valid.
   */
  async #keepOthers({ tie }: Keeping, written: Written): Promise<void> {
    const { tx } = this;
    const others = await tx.unsafe<{ feed: string; sums: string }[]>(withValues(OTHER_STATES, this.feed, tie));
    for (const { feed, sums } of others) {
      const theirs = UserSums.fromBase64(tx, sums);
      await theirs.addUnshared(feed, written);
      await tx.unsafe(withValues(WRITE_SUMS, feed).replace("HEX", theirs.toHex()));
    }
  }

  async #namedAfter({ created, isPlanned }: Written): Promise<number | null> {
    const { tx, feed } = this, before = created > 0 ? created : this.#named;
    if (before === null) {
      if (!this.#isSnapshot) return null;
      const [{ users }] = await tx.unsafe(withValues(NAMED, feed));
      return users;
    }
    if (!isPlanned) return before;
    const [{ users }] = await tx.unsafe(newlyNamed);
    return before + users;
  }

  /** Returns the stored sums, or null if they or the log do not fit this users table and roster. */
  #kept({ tie, log, entries, states, known_tie, known_log, known_sums }: About, bytes: number): UserSums | null {
    const isSame = states === 1 && known_sums !== null && known_tie === tie && known_log === log;
    if (!isSame || entries > MAX_LOG_ENTRIES) return null;
    const kept = UserSums.fromBase64(this.tx, known_sums);
    return kept.buckets * MAX_GROWTH < bucketsFor(bytes) ? null : kept;
  }

  /**
   * Loads the log. Discards it if `changed` is null or too many buckets of users have changed, and rewrites it if it is
   * outdated. Returns true in both cases.
   */
  async #load(
    { table, journal }: UnchangedCache,
    size: LogSize & { users: number },
    changed: Uint8Array | null,
  ): Promise<boolean> {
    const { tx, feed } = this;
    const changes = changed?.reduce((all, one) => all + one, 0) ?? 0;
    if (changed === null || changes > MAX_CHANGED_PART * changed.length) {
      await clearLog(tx, feed);
      return true;
    }
    await loadLog(tx, feed, table, Math.min(size.entries, size.users));
    if (changes > 0) table.forgetBuckets(changed);
    const isRewritten = isOutdated(table, size);
    if (isRewritten) {
      await clearLog(tx, feed);
      await appendLog(tx, feed, table.entries());
    } else journal.withdrawStale();
    await this.#eachUser(unskippable, ["open", feed], (uniqueId) => table.forget(uniqueId));
    return isRewritten;
  }

  async #eachUser(query: string, values: (boolean | string)[], work: (uniqueId: string) => void): Promise<void> {
    for await (const page of pagesOf(this.tx.unsafe<{ unique_id: string }[]>(query, values).cursor(1_000))) {
      for (const { unique_id } of page) work(unique_id);
    }
  }

  async #writeState({ tie, sums }: Keeping, named: number | null): Promise<void> {
    // Within a savepoint, reading a row's xmin is the only way to get the xid.
    await this.tx.unsafe(withValues(WRITE_STATE, this.feed, tie, named).replace("HEX", sums.toHex()));
  }
}
