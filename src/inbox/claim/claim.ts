/**
 * Takes an upload: renames it into a folder of its own in `.rosterd/`, then looks whether it is still the file that
 * was looked at (contract, section 1, "taken"). Called with the import lock held.
 */
import { join } from "node:path";
import type { ClaimedUpload } from "../../importer/ports.ts";
import { fileStamp } from "../../runtime/clock.ts";
import { codeOf, hasCode } from "../../runtime/errors.ts";
import { link, rename, unlink } from "../files/disk.ts";
import { fsyncFolders, makeFolder, NO_LINK, randomHex, removeIfEmpty, statsOf } from "../files/fsync.ts";
import { ensureFolder, type Folders } from "../folders.ts";
import { plainName } from "../names.ts";
import { ageAndSize, type Fingerprint, fingerprintOf, sameFile } from "../scan/settle.ts";
import { folderOf, pathOf } from "./claimed.ts";

/** What came of it. */
export type ClaimResult =
  | { readonly outcome: "taken"; readonly upload: ClaimedUpload }
  /** It is gone, or is another file than the one that was looked at. */
  | { readonly outcome: "vanished" }
  /** The system does not let it go. */
  | { readonly outcome: "refused"; readonly code: string }
  /** It changed in the very moment, and could not be given back: it waits in the folder `key`. */
  | { readonly outcome: "changed"; readonly key: string };

/** Codes by which the system refuses one file and not the folder: a sticky folder, an immutable or busy file. */
const REFUSED = ["EACCES", "EPERM", "EBUSY", "ETXTBSY"];

/** Takes the upload that a look saw as `print`, at the time `now`. */
export async function claimUpload(folders: Folders, name: string, print: Fingerprint, now: Date): Promise<ClaimResult> {
  const before = await statsOf(join(folders.upload, plainName(name)));
  if (!before || !sameFile(print, fingerprintOf(before))) return { outcome: "vanished" };
  return await renameThenCheck(folders, name, print, now);
}

/** The second half of {@link claimUpload}: somebody may have put another file there in the very moment. */
export async function renameThenCheck(
  folders: Folders,
  name: string,
  print: Fingerprint,
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
  if (stats.isFile() && sameFile(print, fingerprintOf(stats))) {
    return { outcome: "taken", upload: { key, name, ...ageAndSize(print) } };
  }
  const isBack = await putBack(folders, target, source, stats.isDirectory());
  return isBack ? { outcome: "vanished" } : { outcome: "changed", key };
}

/** Makes `.rosterd/KEY/`, whose name sorts by time and is never used twice. */
async function makeKey(work: string, now: Date): Promise<string> {
  await ensureFolder(work, "work_not_a_folder");
  while (true) {
    const key = `${fileStamp(now)}-${randomHex()}`;
    if (await makeFolder(folderOf(work, key))) return key;
  }
}

/** Gives back what was not meant, unless that would overwrite something. */
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
