/**
 * Finds rosters in `bak` that the database does not know, and imports them again. The database loses imports when it is
 * restored, or when a standby is promoted without the last commits (docs/reliability.md#restore).
 */
import { feedPath } from "../domain/feed.ts";
import type { MissingRoster, Replayed } from "../domain/missing_roster.ts";
import type { CodedText } from "../domain/outcome.ts";
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

interface Found extends MissingRoster {
  /** The reason why the roster is not imported again; null if it is imported. */
  reason: string | null;
}

export class Replay {
  #lookedIn: unknown = null;

  constructor(private readonly options: ReplayOptions) {}

  /** Searches once after this process has become the leader, and again after each call of {@link lookAgain}. */
  async look(term: unknown): Promise<void> {
    const { folders, state: { settings } } = this.options;
    const isUnusable = folders.of(settings).some(({ unavailableReason }) => unavailableReason !== null);
    if (this.#lookedIn === term || isUnusable) return;
    await this.#note(await this.#find());
    this.#lookedIn = term;
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
    for (const roster of wanted) if (isDryRun || await this.#reclaim(roster)) rosters.push(plain(roster));
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
    for (const { feed, imported_at } of found) await dismissFiles(sql, feed, new Date(imported_at), by);
    log.info("missing_rosters_dismissed", { rosters: found.length, by });
    await this.#note([]);
    return found.map(plain);
  }

  async #reclaim({ feed, file, imported_at }: MissingRoster): Promise<boolean> {
    const { folders, state: { settings } } = this.options;
    const folder = folders.of(settings).find((folder) => folder.feed === feed);
    return await folder?.inbox.reclaim(file, new Date(imported_at)) ?? false;
  }

  /** The unknown rosters, oldest first. */
  async #find(): Promise<Found[]> {
    const { sql, folders, state: { settings } } = this.options, found: Found[] = [];
    for (const { feed, inbox, unavailableReason } of folders.of(settings)) {
      if (unavailableReason !== null) continue;
      const { names, newest, dismissedUntil } = await knownFiles(sql, feed);
      for (const { name, at } of await inbox.bak.rosters()) {
        if (names.has(name) || (dismissedUntil !== null && at <= dismissedUntil)) continue;
        const reason = newest !== null && at < newest ? "a newer file of the same feed was applied since" : null;
        found.push({ feed, file: name, imported_at: at.toISOString(), reason });
      }
    }
    return found.sort((a, b) => a.imported_at < b.imported_at ? -1 : Number(a.imported_at > b.imported_at));
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
    text: `${what} never imported by this database, the first is ${feedPath(feed, file)}: run "rosterd imports replay"`,
  };
}

function plain({ feed, file, imported_at }: MissingRoster): MissingRoster {
  return { feed, file, imported_at };
}
