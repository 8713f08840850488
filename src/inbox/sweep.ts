/**
 * Removes what rosterd left half-made when it was killed: probes, temporary files, and folders of taken uploads that
 * hold nothing. Never touches an upload. Called by the one service that imports, so that nobody else is making them.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { nullOn } from "../runtime/errors.ts";
import { unlink } from "./files/disk.ts";
import { isTemporary, removeIfEmpty } from "./files/fsync.ts";
import { type Folders, isPlainFolder } from "./folders.ts";

/** Sweeps the three folders. */
export async function sweep({ upload, work, bak }: Folders): Promise<void> {
  for (const folder of [upload, work, bak]) {
    for (const name of await namesIn(folder, folder === upload)) {
      if (isTemporary(name, "probe")) await removeIfEmpty(join(folder, name));
    }
  }
  await removeTemporary(bak);
  for (const key of await namesIn(work)) {
    await removeTemporary(join(work, key));
    await removeIfEmpty(join(work, key));
  }
}

/** The upload folder itself may be a link; one of the others is not looked through. */
async function namesIn(folder: string, isOuter = false): Promise<string[]> {
  if (!isOuter && !await isPlainFolder(folder)) return [];
  return await nullOn(readdir(folder), "ENOENT", "ENOTDIR") ?? [];
}

async function removeTemporary(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (isTemporary(name, "tmp")) await nullOn(unlink(join(folder, name)), "ENOENT");
  }
}
