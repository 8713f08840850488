/** Claims an upload under the import lock (docs/upload-folder.md#claiming). */
import { join } from "node:path";
import type { ClaimedUpload } from "../../importer/inbox_port.ts";
import { fileStamp } from "../../runtime/clock.ts";
import { codeOf, hasCode } from "../../runtime/errors.ts";
import { link, rename, unlink } from "../files/disk.ts";
import { fsyncFolders, makeFolder, NO_LINK, randomHex, removeIfEmpty, statsOf } from "../files/fsync.ts";
import { ensureFolder, type Folders } from "../folders.ts";
import { plainName } from "../names.ts";
import { type Fingerprint, fingerprintOf, mtimeAndSize, sameFile } from "../scan/settle.ts";
import { folderOf, pathOf } from "./claimed.ts";

export type ClaimResult =
  | { readonly outcome: "claimed"; readonly upload: ClaimedUpload }
  /** Thrown if the upload is missing or is not the file that the scan saw. */
  | { readonly outcome: "vanished" }
  | { readonly outcome: "refused"; readonly code: string }
  /**
   * Thrown if the upload changed during the claim and could not be moved back. The upload then waits in the folder
   * `key`.
   */
  | { readonly outcome: "changed"; readonly key: string };

/**
 * Error codes that concern a single file, for example because the folder is sticky or the file is immutable or busy.
 */
const REFUSED = ["EACCES", "EPERM", "EBUSY", "ETXTBSY"];

export async function claimUpload(
  folders: Folders,
  name: string,
  fingerprint: Fingerprint,
  now: Date,
): Promise<ClaimResult> {
  const before = await statsOf(join(folders.upload, plainName(name)));
  if (!before || !sameFile(fingerprint, fingerprintOf(before))) return { outcome: "vanished" };
  return await renameThenCheck(folders, name, fingerprint, now);
}

/** The second half of {@link claimUpload}. Between the two halves, another program can replace the file. */
export async function renameThenCheck(
  folders: Folders,
  name: string,
  fingerprint: Fingerprint,
  now: Date,
): Promise<ClaimResult> {
  const source = join(folders.upload, plainName(name));
  const key = await makeKey(folders.work, now);
  const target = pathOf(folders.work, { key, name });
  try {
    await rename(source, target);
  } catch (error) {
    await removeIfEmpty(folderOf(folders.work, key));
    if (hasCode(error, "ENOENT")) return { outcome: "vanished" };
    if (hasCode(error, ...REFUSED)) return { outcome: "refused", code: codeOf(error) };
    throw error;
  }
  await fsyncFolders(folderOf(folders.work, key), folders.work, folders.upload);
  const stats = await statsOf(target);
  if (!stats) return { outcome: "vanished" };
  if (stats.isFile() && sameFile(fingerprint, fingerprintOf(stats))) {
    return { outcome: "claimed", upload: { key, name, ...mtimeAndSize(fingerprint), by: null } };
  }
  const isBack = await putBack(folders, target, source, stats.isDirectory());
  return isBack ? { outcome: "vanished" } : { outcome: "changed", key };
}

/** Keys sort by time and are never reused. */
export function newKey(now: Date): string {
  return `${fileStamp(now)}-${randomHex()}`;
}

/** Creates `.rosterd/KEY/`. */
export async function makeKey(work: string, now: Date): Promise<string> {
  await ensureFolder(work, "work_not_a_folder");
  while (true) {
    const key = newKey(now);
    if (await makeFolder(folderOf(work, key))) return key;
  }
}

/** Moves back a file that was claimed by mistake. Returns false if the move would overwrite another file. */
async function putBack(folders: Folders, target: string, source: string, isFolder: boolean): Promise<boolean> {
  if (isFolder) {
    if (await statsOf(source)) return false;
    await rename(target, source);
  } else {
    try {
      await link(target, source);
    } catch (error) {
      if (hasCode(error, "EEXIST", ...NO_LINK)) return false;
      throw error;
    }
    await unlink(target);
  }
  await removeIfEmpty(join(target, ".."));
  await fsyncFolders(folders.upload, folders.work);
  return true;
}
