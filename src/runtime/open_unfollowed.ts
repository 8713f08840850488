/**
 * Opens files without following links. O_NOFOLLOW alone is not enough: without full permissions, Deno resolves links
 * before it opens the file (measured with 2.6.8 and 2.9.6).
 */
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { errorWithCode } from "./errors.ts";

/** With O_NONBLOCK, opening a pipe does not wait for a writer. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens the file, folder or pipe at `path`. Throws ELOOP for a link, and other system errors. */
export async function openUnfollowed(path: string): Promise<FileHandle> {
  if ((await lstat(path)).isSymbolicLink()) throw notFollowed(path);
  const handle = await open(path, READ_ONLY);
  try {
    const opened = await handle.stat({ bigint: true });
    // If another program has put a link here since the first check, the open file and the file at the path differ.
    const there = await lstat(path, { bigint: true });
    if (opened.dev !== there.dev || opened.ino !== there.ino) throw notFollowed(path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function notFollowed(path: string): Error {
  return errorWithCode("ELOOP", `${path} is a symbolic link, which rosterd does not follow`);
}
