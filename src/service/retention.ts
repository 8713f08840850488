/**
 * Deletes import details and emails that are older than `bak_retention_days`, and erases users archived for longer than
 * `purge_archived_after_days` (docs/upload-folder.md#retention).
 */
import { CannotDecide } from "../domain/decision.ts";
import type { Settings } from "../domain/settings.ts";
import type { BakFolder } from "../inbox/bak/bak_folder.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { purgeArchived } from "../postgres/history/erasure.ts";
import {
  clearMails,
  expiredImports,
  feedsWithImports,
  markCleared,
  serverTime,
} from "../postgres/history/retention_store.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";

const DAY_MS = 24 * 3_600_000;

export interface Clearing {
  database: Database;
  bakOf: (feed: string) => BakFolder;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}

/**
 * Skips an import while its feed's `bak` is not a real folder. Skips all imports while the clocks disagree, because
 * with a wrong clock every import would seem old.
 */
export async function clearExpired(clearing: Clearing, settings: Settings): Promise<void> {
  const { database, clock, log } = clearing, { bak_retention_days, purge_archived_after_days } = settings;
  if (bak_retention_days === 0 && purge_archived_after_days === 0) return;
  const difference = Math.abs(clock.now().getTime() - (await serverTime(database.sql)).getTime());
  if (difference > DAY_MS) {
    log.error("retention_stopped", {
      reason: "the clocks of this machine and the database differ by more than a day",
    });
    return;
  }
  if (bak_retention_days > 0) await clearImports(clearing, bak_retention_days);
  if (purge_archived_after_days > 0) await purge(clearing, purge_archived_after_days);
}

async function purge({ database, log, signal }: Clearing, days: number): Promise<void> {
  try {
    const users = await purgeArchived(database, days, signal);
    if (users > 0) log.info("users_purged", { users });
  } catch (error) {
    if (!(error instanceof CannotDecide)) throw error;
    // Retention runs again in an hour.
    log.info("purge_postponed", { code: error.code });
  }
}

async function clearImports(clearing: Clearing, days: number): Promise<void> {
  const { database, bakOf, clock, log } = clearing;
  const before = new Date(clock.now().getTime() - days * DAY_MS);
  for (const feed of await feedsWithImports(database.sql)) {
    if (await bakOf(feed).isPlain()) await clearFeed(feed, before, clearing);
  }
  const mails = await clearMails(database.sql, before);
  if (mails > 0) log.info("mails_cleared", { mails });
}

async function clearFeed(feed: string, before: Date, { database, bakOf, clock, log }: Clearing): Promise<void> {
  for (const { id, files } of await expiredImports(database.sql, feed, before)) {
    for (const name of files) await bakOf(feed).remove(name);
    await markCleared(database.sql, id, clock.now());
    log.info("import_cleared", { import: id, files: files.length });
  }
}
