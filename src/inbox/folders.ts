/**
 * Checks the three folders of the inbox: the upload folder, `.rosterd` for claimed uploads, and `bak`. Never touches an
 * upload.
 */
import type { BigIntStats } from "node:fs";
import { open } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type Finding, good } from "../domain/finding.ts";
import { UnusableFolder } from "../importer/inbox_port.ts";
import { codeOf, hasCode } from "../runtime/errors.ts";
import { mkdir, rename, rmdir } from "./files/disk.ts";
import { plainName } from "./names.ts";
import { closing, FOLDER, FOLDER_MODE, fsyncFolders, makeFolder, statsOf, temporaryName } from "./files/fsync.ts";

export interface Folders {
  readonly upload: string;
  readonly work: string;
  readonly bak: string;
  /** Whether the folders belong to a feed, which is a folder inside the upload folder. */
  readonly isFeed: boolean;
}

/** `feed`: "" for the upload folder itself. */
export function foldersOf(upload: string, feed = ""): Folders {
  const root = feed === "" ? resolve(upload) : join(resolve(upload), plainName(feed));
  return { upload: root, work: join(root, ".rosterd"), bak: join(root, "bak"), isFeed: feed !== "" };
}

/** Creates a folder if it is missing. Throws {@link UnusableFolder} if the name is not a folder. */
export async function ensureFolder(path: string, code: NotAFolder): Promise<void> {
  if (await makeFolder(path)) await fsyncFolders(resolve(path, ".."));
  else await isRealFolder(path, code);
}

/** Throws the error about a missing folder that rosterd will create. */
export function createdWhenNeeded(check: string, path: string): Finding {
  return good(check, `rosterd creates ${path} when needed`);
}

type NotAFolder = "upload_not_a_folder" | "bak_not_a_folder" | "work_not_a_folder";

/** Explains an unexpected error, such as that of a stale mount or a broken disk. */
export function unreadable(upload: string, error: unknown): UnusableFolder {
  return new UnusableFolder(
    "upload_unreadable",
    `The upload folder ${upload} cannot be read (${codeOf(error)})`,
    "check its mount, its disk and its permissions",
  );
}

/**
 * Returns the stats of the upload folder, which may be a link. The folder of a feed must not be a link, because
 * uploaders may have the right to create links in the upload folder. Throws {@link UnusableFolder}.
 */
export async function uploadFolder({ upload, isFeed }: Folders): Promise<BigIntStats> {
  if (isFeed) await isRealFolder(upload, "upload_not_a_folder");
  try {
    await using folder = closing(await open(upload, FOLDER));
    return await folder.handle.stat({ bigint: true });
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      throw new UnusableFolder(
        "upload_missing",
        `The upload folder ${upload} does not exist`,
        isFeed
          ? "create it, or remove the feed from the settings"
          : "create or mount it, or choose another one with --upload",
      );
    }
    if (!hasCode(error, "ENOTDIR")) throw unreadable(upload, error);
    throw new UnusableFolder(
      "upload_not_a_folder",
      `${upload} is not a folder`,
      "choose the upload folder with --upload",
    );
  }
}

/** Returns false if the folder is missing. Throws {@link UnusableFolder} if the path is not a real folder. */
export async function isRealFolder(path: string, code: string): Promise<boolean> {
  const stats = await statsOf(path);
  if (!stats || stats.isDirectory()) return stats !== null;
  const what = stats.isSymbolicLink() ? "a link" : "not a folder";
  const fix = basename(path) === "bak" ? "remove it" : "move it elsewhere";
  throw new UnusableFolder(code, `${path} is ${what}`, `${fix}, and rosterd will create a new folder`);
}

export async function isPlainFolder(path: string): Promise<boolean> {
  return (await statsOf(path))?.isDirectory() ?? false;
}

export function swapped(path: string): UnusableFolder {
  return new UnusableFolder(
    basename(path) === "bak" ? "bak_not_a_folder" : "work_not_a_folder",
    `${path} has been replaced by a different folder`,
    "another user replaced the folder; let rosterd own the upload folder, and make it sticky",
  );
}

/**
 * Simulates a claim with an empty folder. Returns the folder's stats, which show who will own the files that rosterd
 * creates.
 */
export async function tryClaiming({ upload, work }: Folders): Promise<BigIntStats | null> {
  const name = temporaryName("probe");
  try {
    await ensureFolder(work, "work_not_a_folder");
    await mkdir(join(upload, name), { mode: FOLDER_MODE });
    const own = await statsOf(join(upload, name));
    await moveProbe(join(upload, name), join(work, name));
    return own;
  } catch (error) {
    throw notWritable("upload_not_writable", upload, error);
  }
}

/**
 * Moves an empty folder and removes it. The move fails if rosterd lacks the necessary rights or if it would cross file
 * systems.
 */
export async function moveProbe(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    await rmdir(from);
    throw error;
  }
  await rmdir(to);
}

/**
 * Creates and removes an empty folder. Returns the stats of the folder, as {@link tryClaiming} does. Throws {@link
 * UnusableFolder}.
 */
export async function tryMaking(
  folder: string,
  code: "upload_not_writable" | "bak_not_writable",
): Promise<BigIntStats | null> {
  const probe = join(folder, temporaryName("probe"));
  try {
    await mkdir(probe, { mode: FOLDER_MODE });
    const own = await statsOf(probe);
    await rmdir(probe);
    return own;
  } catch (error) {
    throw notWritable(code, folder, error);
  }
}

const FIXES: Readonly<Record<string, string>> = {
  EACCES: "give rosterd's user the right to write there",
  EPERM: "give rosterd's user the right to write there",
  EROFS: "its file system is read-only; remount it read-write",
  ENOSPC: "its disk is full; free some space",
  EDQUOT: "rosterd's user has used up its quota; raise it or free some space",
  EXDEV: "its folder .rosterd is on another file system; unmount that file system",
};

/**
 * Converts the error of a failed move into an {@link UnusableFolder}. Returns an error without a system code unchanged.
 */
export function notWritable(code: string, path: string, error: unknown): unknown {
  if (error instanceof UnusableFolder || codeOf(error) === "") return error;
  const fix = FIXES[codeOf(error)] ?? "check its mount and its disk";
  return new UnusableFolder(code, `Files cannot be moved within ${path} (${codeOf(error)})`, fix);
}
