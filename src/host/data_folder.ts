/** Functions for the data folder, its admin token and its lock. Every function may throw `UnusableData`. */
import { join } from "node:path";
import { nullOn } from "../runtime/errors.ts";
import { newSecret } from "../runtime/secrets.ts";
import { withTimeout } from "../runtime/with_timeout.ts";
import { inData } from "./unusable_data.ts";
import { fileLock, openLockFile, readIfPresent, writeWhole } from "./whole_file.ts";

export async function makeDataFolder(folder: string): Promise<void> {
  await inData(folder, () => Deno.mkdir(folder, { recursive: true, mode: 0o700 }));
}

/** The name prefix of rosters that were uploaded for a check. */
export const CHECKED_PREFIX = "check-";

/** Removes rosters that a killed service left behind during a check. */
export async function removeAbandonedChecks(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (name.startsWith(CHECKED_PREFIX)) await Deno.remove(join(folder, name));
  }
}

/** The file with the admin token. The file is used if ROSTERD_ADMIN_TOKEN is not set. */
export function adminTokenPath(folder: string): string {
  return join(folder, "admin-token");
}

/** The stored admin token; null if the file is missing or empty. */
export async function readAdminToken(folder: string): Promise<string | null> {
  return (await inData(folder, () => readIfPresent(adminTokenPath(folder))))?.trim() || null;
}

/**
 * Returns the stored admin token, creating it if it is missing. Processes that start together get the same token.
 */
export async function readOrMakeAdminToken(folder: string): Promise<string> {
  return await readAdminToken(folder) ??
    await lockedToken(folder, async () => await readAdminToken(folder) ?? await storeNewToken(folder));
}

export function rotateAdminToken(folder: string): Promise<string> {
  return lockedToken(folder, () => storeNewToken(folder));
}

function lockedToken(folder: string, work: () => Promise<string>): Promise<string> {
  return inData(folder, () => fileLock(`${adminTokenPath(folder)}.lock`)(work));
}

async function storeNewToken(folder: string): Promise<string> {
  const token = newSecret();
  await writeWhole(adminTokenPath(folder), token + "\n", { mode: 0o600 });
  return token;
}

/**
 * Locks the embedded database for this process until the lock is disposed of or the process ends, even if killed. Null
 * if another process holds the lock. The folder must exist.
 */
export async function lockEmbeddedDatabase(folder: string): Promise<Disposable | null> {
  const file = await inData(folder, () => openLockFile(lockPath(folder)));
  if (!await tryLock(file)) {
    file.close();
    return null;
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return file;
}

/**
 * The id of the process that last held the lock; null if unknown. Use it only in messages, because the process may have
 * ended.
 */
export async function lastLockHolder(folder: string): Promise<number | null> {
  const text = await readIfPresent(lockPath(folder));
  return text !== null && /^\d+\n$/.test(text) ? Number(text) : null;
}

/** Acquiring a free lock never takes this long. */
const LOCK_WAIT_MS = 1_000;

/**
 * Deno 2.6 has only a blocking lock. After a timeout, one of Deno's threads waits until the other process ends. By then
 * the file is closed, so the lock is released as soon as the thread acquires it.
 */
async function tryLock(file: Deno.FsFile & { tryLock?(exclusive: boolean): Promise<boolean> }): Promise<boolean> {
  if (file.tryLock !== undefined) return await file.tryLock(true);
  return await nullOn(withTimeout(LOCK_WAIT_MS, file.lock(true)), "ETIMEDOUT") !== null;
}

function lockPath(folder: string): string {
  return join(folder, "lock");
}
