/**
 * Small files that are replaced whole or not at all, and the lock that lets one process at a time do so.
 * Knows nothing of what stands in them; the settings file and the data folder use it.
 */
import { dirname } from "node:path";
import { hasCode, nullOn } from "../runtime/errors.ts";

export interface WholeFileOptions {
  /** Permission bits of the file, whatever the umask says. */
  mode: number;
  /** Modification time that it gets; by default the time of the write. */
  mtime?: Date;
}

/**
 * Replaces `path`: a temporary file in the same folder, fsync, rename, fsync of the folder. After a crash either the
 * old or the new content stands there. Errors of the file system pass through, the temporary file is removed.
 *
 * A file that is mounted by itself, as containers do, cannot be renamed over (EBUSY): it is written in place. After a crash in
 * that moment its new content stands in the temporary file.
 */
export async function writeWhole(path: string, text: string, { mode, mtime }: WholeFileOptions): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await writeNew(temporary, text, mtime);
    await Deno.chmod(temporary, mode);
    await keepOwner(temporary, await exists(path) ? path : dirname(path));
    await Deno.rename(temporary, path).catch(async (error) => {
      if (!hasCode(error, "EBUSY")) throw error;
      await writeInPlace(path, text, mtime);
      await Deno.remove(temporary);
    });
  } catch (error) {
    if (await exists(temporary)) await Deno.remove(temporary);
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * A lock that one piece of work at a time has, among all processes that use the same lock file. The file is made where
 * needed and left behind. Work of this process queues up first: every wait for the file's lock takes one of the few
 * threads that access to files needs, and many waits would leave none to the holder.
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

/** Opens a lock file for reading and writing without touching what stands in it; mode 0600 when it is new. */
export async function openLockFile(path: string): Promise<Deno.FsFile> {
  const isNew = !await exists(path);
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  if (isNew) await keepOwner(path, dirname(path));
  return file;
}

/** The text of a file, or null when there is none. */
export function readIfPresent(path: string): Promise<string | null> {
  return nullOn(Deno.readTextFile(path), "ENOENT");
}

async function writeNew(path: string, text: string, mtime: Date | undefined): Promise<void> {
  await Deno.writeTextFile(path, text, { createNew: true, mode: 0o600 });
  using file = await Deno.open(path, { write: true });
  if (mtime !== undefined) await file.utime(mtime, mtime);
  await file.sync();
}

async function writeInPlace(path: string, text: string, mtime: Date | undefined): Promise<void> {
  using file = await Deno.open(path, { write: true, truncate: true });
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
  if (mtime !== undefined) await file.utime(mtime, mtime);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}

/** A command run as root must not leave a file behind that the service's own user cannot open. */
async function keepOwner(path: string, like: string): Promise<void> {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = await Deno.stat(like);
  if (uid !== null && gid !== null) await Deno.chown(path, uid, gid);
}

async function exists(path: string): Promise<boolean> {
  return await nullOn(Deno.lstat(path), "ENOENT") !== null;
}
