/**
 * Checks by owner and mode whether the service's user can use the folders. The commands `status` and `doctor` need this
 * check if another user runs them.
 */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { bad, type Finding, good } from "../domain/finding.ts";
import type { WaitingFile } from "../importer/inbox_port.ts";
import { nullOn } from "../runtime/errors.ts";
import { createdWhenNeeded, foldersOf } from "./folders.ts";
import { kindOfName } from "./names.ts";
import { waiting } from "./scan/waiting.ts";

/** The rights of a user, derived from owners and modes (`host/user_rights.ts`). */
export interface UserAccess {
  uid: number;
  /** The user as shown in messages, such as `rosterd (uid 998)`. */
  name: string;
  /** The reason why the user may not list, change or enter a folder; null if the user may do all three. */
  mayUse(path: string): Promise<string | null>;
  mayRead(entry: { uid: number; gid: number; mode: number }): boolean;
}

export async function* checkFoldersFor(
  upload: string,
  access: UserAccess,
  feed = "",
): AsyncGenerator<Finding> {
  const folders = foldersOf(upload, feed);
  const checks = { upload_folder: folders.upload, work_folder: folders.work, bak_folder: folders.bak };
  for (const [check, path] of Object.entries(checks)) {
    const stats = await nullOn(lstat(path), "ENOENT", "ENOTDIR");
    // The folder of a feed may be missing, because rosterd creates it.
    const isUpload = check === "upload_folder" && !folders.isFeed;
    if (stats === null && !isUpload) yield createdWhenNeeded(check, path);
    else if (stats === null) {
      yield bad(check, `${path} does not exist`, "Create it or mount it, or choose another with --upload.");
    } else if (!isUpload && !stats.isDirectory()) {
      yield bad(check, `${path} is not a folder`, "Move it elsewhere; rosterd will then create a folder in its place.");
    } else if (!isUpload && stats.uid !== access.uid && stats.uid !== 0) {
      yield bad(
        check,
        `${path} belongs to uid ${stats.uid}, not to ${access.name}`,
        `Run: chown -R ${access.uid} ${path}`,
      );
    } else {
      const why = await access.mayUse(path);
      yield why === null
        ? good(check, `${access.name} can read and write ${path}, according to its owner and mode`)
        : bad(
          check,
          `${access.name} cannot use ${path}: ${why}`,
          "Make the service's user its owner, with mode 0750 or wider.",
        );
    }
  }
}

/** The uploads that the user may not read, in the form in which the service reports them. */
export async function unreadableUploads(
  upload: string,
  access: UserAccess,
  feed = "",
): Promise<WaitingFile[]> {
  const found: WaitingFile[] = [], folder = foldersOf(upload, feed).upload;
  for (const name of (await nullOn(readdir(folder), "ENOENT", "ENOTDIR", "EACCES") ?? []).sort()) {
    const stats = await nullOn(lstat(join(folder, name), { bigint: true }), "ENOENT");
    if (kindOfName(name) !== "upload" || stats === null || !stats.isFile()) continue;
    const plain = { uid: Number(stats.uid), gid: Number(stats.gid), mode: Number(stats.mode) };
    if (!access.mayRead(plain)) found.push(waiting.unreadable(name, stats));
  }
  return found;
}
