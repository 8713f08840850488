/**
 * Moves a roster from `bak` back to the claimed uploads, so that it will be imported again
 * (docs/reliability.md#restore).
 */
import { join } from "node:path";
import { moveWithoutOverwrite } from "../bak/move_without_overwrite.ts";
import { utimes } from "../files/disk.ts";
import { fsyncFolders, removeIfEmpty, statsOf } from "../files/fsync.ts";
import type { Folders } from "../folders.ts";
import { plainName, rosterInBak } from "../names.ts";
import { makeKey } from "./claim.ts";
import { folderOf, pathOf } from "./claimed.ts";

/**
 * `at`, the start of the earlier import, becomes the file's modification time, because uploads are imported in that
 * order. Returns false if the file is no longer in `bak`.
 */
export async function reclaimFromBak({ work, bak }: Folders, file: string, at: Date, now: Date): Promise<boolean> {
  const source = join(bak, plainName(file)), name = rosterInBak(file)?.upload;
  if (name === undefined || !(await statsOf(source))?.isFile()) return false;
  await utimes(source, at, at);
  const key = await makeKey(work, now);
  try {
    await moveWithoutOverwrite(source, pathOf(work, { key, name }));
  } finally {
    await removeIfEmpty(folderOf(work, key));
  }
  await fsyncFolders(folderOf(work, key), work);
  return true;
}
