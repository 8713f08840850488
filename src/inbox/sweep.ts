/**
 * Removes temporary files left behind by a killed process, but never an upload. Only the leader may call this function,
 * because another process could still be using the files.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { nullOn } from "../runtime/errors.ts";
import { unlink } from "./files/disk.ts";
import { isTemporary, removeFiles, removeIfEmpty } from "./files/fsync.ts";
import { type Folders, isPlainFolder } from "./folders.ts";

/** Leaves the folders in `receiving` alone, because their uploads are still arriving in this process. */
export async function sweep({ upload, work, bak }: Folders, receiving: ReadonlySet<string>): Promise<void> {
  for (const folder of [upload, work, bak]) {
    for (const name of await namesIn(folder, folder === upload)) {
      if (isTemporary(name, "probe")) await removeIfEmpty(join(folder, name));
    }
  }
  await removeTemporary(bak);
  for (const key of (await namesIn(work)).filter((key) => !receiving.has(key))) {
    if (isTemporary(key, "incoming")) await removeFiles(join(work, key));
    await removeTemporary(join(work, key));
    await removeIfEmpty(join(work, key));
  }
}

/** Follows a link only if the upload folder itself is a link. */
async function namesIn(folder: string, mayBeLink = false): Promise<string[]> {
  if (!mayBeLink && !await isPlainFolder(folder)) return [];
  return await nullOn(readdir(folder), "ENOENT", "ENOTDIR") ?? [];
}

async function removeTemporary(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (isTemporary(name, "tmp")) await nullOn(unlink(join(folder, name)), "ENOENT");
  }
}
