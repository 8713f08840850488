/**
 * Clears what is older than `bak_retention_days` (contract, section 5): an import's files in `bak`, its failures, whom it held,
 * and what an undo needs. Its entry in the history stays. Only files that an import of this database put there are removed.
 */
import type { Settings } from "../domain/settings.ts";
import type { BakFolder } from "../inbox/bak/bak_folder.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { expiredImports, markCleared } from "../postgres/history/retention_store.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";

const DAY = 24 * 3_600_000;

export interface RetentionOptions {
  database: Database;
  bak: BakFolder;
  clock: Clock;
  log: Log;
}

/** Clears what is due. A file that somebody else removed is no error. */
export async function clearExpired(
  { database, bak, clock, log }: RetentionOptions,
  settings: Settings,
): Promise<void> {
  if (settings.bak_retention_days === 0) return;
  // The status says what stands in its place.
  if (!await bak.isPlain()) return;
  const before = new Date(clock.now().getTime() - settings.bak_retention_days * DAY);
  for (const { id, files } of await expiredImports(database.sql, before)) {
    for (const name of files) await bak.remove(name);
    await markCleared(database.sql, id, clock.now());
    log.info("import_cleared", { import: id, files: files.length });
  }
}
