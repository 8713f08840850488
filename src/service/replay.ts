/**
 * Finds rosters in `bak` that the database does not know and imports them again. The database loses imports when it is
 * restored or when a standby is promoted without the last commits (docs/reliability.md#restore).
 */
import { feedPath } from "../domain/feed.ts";
import type { MissingRoster, Replayed } from "../domain/missing_roster.ts";
import type { CodedText } from "../domain/outcome.ts";
import { namesInBak } from "../inbox/names.ts";
import { dismissFiles, knownFiles } from "../postgres/history/known_files.ts";
import type { Sql } from "../postgres/connection/connect.ts";
import { counted } from "../runtime/grouped.ts";
import type { Log } from "../runtime/log.ts";
import type { FeedFolders } from "./feed_folders.ts";
import type { ServiceState } from "./state.ts";

export interface ReplayOptions {
  sql: Sql;
  folders: FeedFolders;
  state: ServiceState;
  log: Log;
}

/**
 * This is larger than the rounding error of a modification time that is stored as a floating-point number of seconds.
 */
const STEP_MS = 10;

interface Found extends MissingRoster {
  /** The modification time in milliseconds since 1970. */
  mtime: number;
  /** The reason why the roster is not imported again; null if it is. */
  reason: string | null;
}

export class Replay {
  #lookedIn: unknown = null;
  /** The newest import at the end of the previous turn; null before the first import. */
  #newest: number | null = null;

  constructor(private readonly options: ReplayOptions) {}

  /**
   * Searches once after this process has become the leader, again after each call to {@link lookAgain}, and again if the
   * database was restored while the service was running.
   */
  async look(term: unknown): Promise<void> {
    const isRestored = await this.#hasLostNewest();
    if (this.#lookedIn === term && !isRestored) return;
    const { folders, state: { settings } } = this.options;
    if (folders.of(settings).some(({ unavailableReason }) => unavailableReason !== null)) return this.lookAgain();
    await this.#note(await this.#find());
    this.#lookedIn = term;
  }

  /** Whether the newest import of the previous turn is gone from the history. Only a restore removes imports. */
  async #hasLostNewest(): Promise<boolean> {
    const before = this.#newest;
    const [{ newest, isKnown }] = await this.options.sql<{ newest: number | null; isKnown: boolean }[]>`
      select (select max(id) from rosterd.imports) as newest,
        exists (select from rosterd.imports where id = ${before}) as "isKnown"`;
    this.#newest = newest;
    return before !== null && !isKnown;
  }

  lookAgain(): void {
    this.#lookedIn = null;
  }

  /** Moves the rosters back to the claimed uploads, oldest first, so that the next turn imports them. */
  async replay({ since, isDryRun, by }: { since: Date | null; isDryRun: boolean; by: string }): Promise<Replayed> {
    const found = await this.#find();
    const wanted = found.filter(({ reason, imported_at }) =>
      reason === null && (since === null || Date.parse(imported_at) >= since.getTime())
    );
    const rosters: MissingRoster[] = [];
    let last = 0;
    for (const roster of wanted) {
      // Imports run in the order of these times, which must also differ within a second.
      last = Math.max(Date.parse(roster.imported_at), last + STEP_MS);
      if (isDryRun || await this.#reclaim(roster, new Date(last))) rosters.push(plain(roster));
    }
    if (!isDryRun) {
      this.options.log.info("replayed", { rosters: rosters.length, by });
      this.lookAgain();
    }
    const left_out = found.flatMap((roster) =>
      roster.reason === null ? [] : [{ ...plain(roster), reason: roster.reason }]
    );
    return { rosters, left_out };
  }

  /** Marks the rosters as known, which ends the warning. Returns the rosters. */
  async dismiss(by: string): Promise<MissingRoster[]> {
    const { sql, log } = this.options, found = await this.#find();
    // The newest roster of each feed comes last.
    const newest = new Map(found.map(({ feed, imported_at }) => [feed, new Date(imported_at)]));
    for (const [feed, until] of newest) await dismissFiles(sql, feed, until, by);
    log.info("missing_rosters_dismissed", { rosters: found.length, by });
    await this.#note([]);
    return found.map(plain);
  }

  async #reclaim({ feed, file }: MissingRoster, at: Date): Promise<boolean> {
    const { folders, state: { settings } } = this.options;
    const folder = folders.of(settings).find((folder) => folder.feed === feed);
    return await folder?.inbox.reclaim(file, at) ?? false;
  }

  /** The unknown rosters, oldest first: by the time in the name, then by the age of the file. */
  async #find(): Promise<Found[]> {
    const { sql, folders, state: { settings } } = this.options, found: Found[] = [];
    for (const { feed, inbox, unavailableReason } of folders.of(settings)) {
      if (unavailableReason !== null) continue;
      // The folder is read first, because an import is recorded before its file is moved there.
      const rosters = await inbox.bak.rosters();
      const { names, unfiled, newest, dismissedUntil } = await knownFiles(sql, feed);
      // The next turn looks for these files in `bak` itself.
      const awaited = new Set(unfiled.flatMap(({ file, startedAt }) => namesInBak(file, startedAt)));
      for (const { name, at } of rosters) {
        if (names.has(name) || awaited.has(name) || (dismissedUntil !== null && at <= dismissedUntil)) continue;
        // Another program may have put a folder or a link there.
        const stats = await inbox.bak.stats(name);
        if (stats === null) continue;
        const reason = newest !== null && at < newest ? "a newer file from the same feed has since been applied" : null;
        found.push({ feed, file: name, imported_at: at.toISOString(), mtime: stats.mtime, reason });
      }
    }
    return found.sort((a, b) => Date.parse(a.imported_at) - Date.parse(b.imported_at) || a.mtime - b.mtime);
  }

  #note(found: readonly Found[]): void {
    const { state, log } = this.options;
    state.missingRosters = found.length === 0 ? null : missing(found);
    if (found.length > 0) log.warn("rosters_missing", { rosters: found.length, first: found[0].imported_at });
  }
}

function missing(found: readonly Found[]): CodedText {
  const [{ feed, file }] = found;
  const what = counted(found.length, "roster in bak was", "rosters in bak were");
  return {
    code: "rosters_missing",
    text: `${what} never imported by this database; the first is ${feedPath(feed, file)}: run "rosterd imports replay"`,
  };
}

function plain({ feed, file, imported_at }: MissingRoster): MissingRoster {
  return { feed, file, imported_at };
}
