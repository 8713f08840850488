/** Clears imports and mails that are older than `bak_retention_days` (docs/upload-folder.md#retention). */
import type { Settings } from "../domain/settings.ts";
import type { BakFolder } from "../inbox/bak/bak_folder.ts";
import type { Database } from "../postgres/connection/connect.ts";
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
}

/**
 * Leaves an import alone while the `bak` of its feed is not a real folder. Does nothing while the clocks differ: a wrong
 * clock would clear everything.
 */
export async function clearExpired(
  { database, bakOf, clock, log }: Clearing,
  settings: Settings,
): Promise<void> {
  if (settings.bak_retention_days === 0) return;
  const difference = Math.abs(clock.now().getTime() - (await serverTime(database.sql)).getTime());
  if (difference > DAY_MS) {
    log.error("retention_stopped", {
      reason: "the clocks of this machine and of the database differ by more than a day",
    });
    return;
  }
  const before = new Date(clock.now().getTime() - settings.bak_retention_days * DAY_MS);
  for (const feed of await feedsWithImports(database.sql)) {
    if (await bakOf(feed).isPlain()) await clearFeed(feed, before, { database, bakOf, clock, log });
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
