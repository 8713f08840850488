/** Clears imports and mails that are older than `bak_retention_days` (docs/upload-folder.md#retention). */
import type { Settings } from "../domain/settings.ts";
import type { BakFolder } from "../inbox/bak/bak_folder.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { clearMails, expiredImports, markCleared, serverTime } from "../postgres/history/retention_store.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";

const DAY_MS = 24 * 3_600_000;

/** Does nothing if `bak` is not a real folder, or while the clocks differ: a wrong clock would clear everything. */
export async function clearExpired(
  { database, bak, clock, log }: { database: Database; bak: BakFolder; clock: Clock; log: Log },
  settings: Settings,
): Promise<void> {
  if (settings.bak_retention_days === 0 || !await bak.isPlain()) return;
  const difference = Math.abs(clock.now().getTime() - (await serverTime(database.sql)).getTime());
  if (difference > DAY_MS) {
    log.error("retention_stopped", {
      reason: "the clocks of this machine and of the database differ by more than a day",
    });
    return;
  }
  const before = new Date(clock.now().getTime() - settings.bak_retention_days * DAY_MS);
  for (const { id, files } of await expiredImports(database.sql, before)) {
    for (const name of files) await bak.remove(name);
    await markCleared(database.sql, id, clock.now());
    log.info("import_cleared", { import: id, files: files.length });
  }
  const mails = await clearMails(database.sql, before);
  if (mails > 0) log.info("mails_cleared", { mails });
}
