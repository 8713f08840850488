/**
 * Lets only one process open the embedded database. The operating system releases the lock when the process ends, even after
 * a kill.
 */
import { join } from "node:path";
import { nullOn } from "../runtime/errors.ts";
import { withTimeout } from "../runtime/with_timeout.ts";
import { inData } from "./unusable_data.ts";
import { openLockFile, readIfPresent } from "./whole_file.ts";

/** Disposing releases the lock. */
export type DatabaseLock = Disposable;

/** Returns null if another process has the lock. The folder must exist. */
export async function lockEmbeddedDatabase(folder: string): Promise<DatabaseLock | null> {
  const file = await inData(folder, () => openLockFile(lockPath(folder)));
  if (!await tryLock(file)) {
    file.close();
    return null;
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return file;
}

/** The process that last had the lock, for messages only: it may have ended. Null if it is not known. */
export async function lastLockHolder(folder: string): Promise<number | null> {
  const text = await readIfPresent(lockPath(folder));
  return text !== null && /^\d+\n$/.test(text) ? Number(text) : null;
}

/** An uncontended lock never takes this long. */
const LOCK_WAIT_MS = 1_000;

/**
 * Deno 2.6 has only a blocking lock. After a timeout its thread waits until the other process ends. The file is closed by
 * then, so a late lock is released at once.
 */
async function tryLock(file: Deno.FsFile & { tryLock?(exclusive: boolean): Promise<boolean> }): Promise<boolean> {
  if (file.tryLock !== undefined) return await file.tryLock(true);
  return await nullOn(withTimeout(LOCK_WAIT_MS, file.lock(true)), "ETIMEDOUT") !== null;
}

function lockPath(folder: string): string {
  return join(folder, "lock");
}
