/**
 * The embedded database belongs to one process (contract, section 8). The lock is the operating system's, so it ends
 * with the process, however that ends.
 */
import { join } from "node:path";
import { nullOn } from "../runtime/errors.ts";
import { withTimeout } from "../runtime/with_timeout.ts";
import { inData } from "./unusable_data.ts";
import { openLockFile, readIfPresent } from "./whole_file.ts";

/** The right to the embedded database, until it is disposed of. */
export type DatabaseLock = Disposable;

/** Takes the lock; null when another process has it. The folder must exist. */
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

/** The process that took the lock last, for messages only: it may be over. Null when there was none. */
export async function lastLockHolder(folder: string): Promise<number | null> {
  const text = await readIfPresent(lockPath(folder));
  return text !== null && /^\d+\n$/.test(text) ? Number(text) : null;
}

/** Longer than an uncontended lock ever takes. */
const LOCK_WAIT_MS = 1_000;

/**
 * Deno 2.6 has only the lock that waits. There a refusal leaves that wait behind in its thread until the other process
 * ends; the file is closed by then, so a lock that comes late is dropped at once.
 */
async function tryLock(file: Deno.FsFile & { tryLock?(exclusive: boolean): Promise<boolean> }): Promise<boolean> {
  if (file.tryLock !== undefined) return await file.tryLock(true);
  return await nullOn(withTimeout(LOCK_WAIT_MS, file.lock(true)), "ETIMEDOUT") !== null;
}

function lockPath(folder: string): string {
  return join(folder, "lock");
}
