/**
 * Opens a file for reading without following a link. O_NOFOLLOW alone does not do that: unless Deno runs with all permissions,
 * it resolves links itself before it opens (measured with 2.6.8 and 2.9.6). Used by whoever reads where others may write.
 */
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";

/** Without waiting for the other end of a pipe. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A link, or an entry that was another one a moment ago. Bears the code by which the system refuses a link. */
export class NotFollowed extends Error {
  override readonly name = "NotFollowed";
  readonly code = "ELOOP";
  constructor(path: string) {
    super(`${path} is a link, which is not followed`);
  }
}

/**
 * The handle is of the very entry that bears the name, be it a file, a folder or a pipe. Throws {@link NotFollowed} for a link,
 * and the errors of the system as they are.
 */
export async function openUnfollowed(path: string): Promise<FileHandle> {
  if ((await lstat(path)).isSymbolicLink()) throw new NotFollowed(path);
  const handle = await open(path, READ_ONLY);
  try {
    const opened = await handle.stat({ bigint: true });
    // Where a link was swapped in meanwhile, this is the link itself, or a file that was not opened.
    const there = await lstat(path, { bigint: true });
    if (opened.dev !== there.dev || opened.ino !== there.ino) throw new NotFollowed(path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}
