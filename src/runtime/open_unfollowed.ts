/** Without all permissions, Deno resolves links itself, so O_NOFOLLOW is not enough (measured with 2.6.8 and 2.9.6). */
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";

/** O_NONBLOCK: opening a pipe must not wait for its writer. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The path is a symbolic link, or its entry was replaced while it was opened. The code is the system's own for a link. */
export class NotFollowed extends Error {
  override readonly name = "NotFollowed";
  readonly code = "ELOOP";
  constructor(path: string) {
    super(`${path} is a symbolic link, and rosterd does not follow it`);
  }
}

/** Opens the entry at `path`: a file, a folder or a pipe. Throws {@link NotFollowed} for a link, and the system's own errors. */
export async function openUnfollowed(path: string): Promise<FileHandle> {
  if ((await lstat(path)).isSymbolicLink()) throw new NotFollowed(path);
  const handle = await open(path, READ_ONLY);
  try {
    const opened = await handle.stat({ bigint: true });
    // If another program put a link here after the first check, these two differ.
    const there = await lstat(path, { bigint: true });
    if (opened.dev !== there.dev || opened.ino !== there.ino) throw new NotFollowed(path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}
