/** Replaces small files atomically and locks them against other processes. */
import { dirname } from "node:path";
import { hasCode, nullOn } from "../runtime/errors.ts";

/**
 * Writes a temporary file next to `path`, syncs it, renames it to `path`, and syncs the folder. A crash leaves either
 * the old or the new content. Throws file system errors after removing the temporary file.
 *
 * A file that is a mount point, as in containers, cannot be replaced (EBUSY), so it is overwritten. After a crash
 * during the overwrite, the temporary file still has the new content. `mode` ignores the umask; `mtime` defaults to the
 * current time.
 */
export async function writeWhole(
  path: string,
  text: string,
  { mode, mtime }: { mode: number; mtime?: Date },
): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await write(temporary, text, mtime, { createNew: true, mode: 0o600 });
    await Deno.chmod(temporary, mode);
    await keepOwner(temporary, await exists(path) ? path : dirname(path));
    await Deno.rename(temporary, path).catch(async (error) => {
      if (!hasCode(error, "EBUSY")) throw error;
      await write(path, text, mtime, { truncate: true });
      await Deno.remove(temporary);
    });
  } catch (error) {
    if (await exists(temporary)) await Deno.remove(temporary);
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Runs one piece of work at a time across all processes that share the lock file, which is never removed. Within this
 * process, work waits in a queue instead. Each wait for the lock blocks one of the few threads for file operations, and
 * the process that holds the lock needs such a thread too.
 */
export function fileLock(lockFile: string): <T>(work: () => Promise<T>) => Promise<T> {
  let before: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = before.then(async () => {
      using file = await openLockFile(lockFile);
      await file.lock(true);
      return await work();
    });
    before = Promise.allSettled([result]);
    return result;
  };
}

/** Opens or creates (mode 0600) a lock file without changing its content. */
export async function openLockFile(path: string): Promise<Deno.FsFile> {
  const isNew = !await exists(path);
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  if (isNew) await keepOwner(path, dirname(path));
  return file;
}

export function readIfPresent(path: string): Promise<string | null> {
  return nullOn(Deno.readTextFile(path), "ENOENT");
}

async function write(path: string, text: string, mtime: Date | undefined, options: Deno.OpenOptions): Promise<void> {
  using file = await Deno.open(path, { write: true, ...options });
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
  if (mtime !== undefined) await file.utime(mtime, mtime);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}

/**
 * Gives the file the owner of its folder. Otherwise a command that runs as root would leave files that the service
 * cannot open.
 */
async function keepOwner(path: string, like: string): Promise<void> {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = await Deno.stat(like);
  if (uid !== null && gid !== null) await Deno.chown(path, uid, gid);
}

async function exists(path: string): Promise<boolean> {
  return await nullOn(Deno.lstat(path), "ENOENT") !== null;
}
