/**
 * The three folders of the inbox: where uploads arrive, `.rosterd` where taken ones stand, and `bak`. Says whether
 * they can be used; never touches an upload.
 */
import type { BigIntStats } from "node:fs";
import { open } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { UnusableFolder } from "../importer/ports.ts";
import { codeOf, hasCode } from "../runtime/errors.ts";
import { mkdir, rename, rmdir } from "./files/disk.ts";
import { closing, FOLDER, FOLDER_MODE, fsyncFolders, makeFolder, statsOf, temporaryName } from "./files/fsync.ts";

/** Absolute paths. */
export interface Folders {
  readonly upload: string;
  readonly work: string;
  readonly bak: string;
}

export function foldersOf(upload: string): Folders {
  const root = resolve(upload);
  return { upload: root, work: join(root, ".rosterd"), bak: join(root, "bak") };
}

/** Makes `bak` or `.rosterd` when it is first needed. Throws {@link UnusableFolder} when something else is there. */
export async function ensureFolder(path: string, code: "bak_not_a_folder" | "work_not_a_folder"): Promise<void> {
  if (await makeFolder(path)) await fsyncFolders(resolve(path, ".."));
  else await isRealFolder(path, code);
}

/** The error for a folder that fails in a way that nothing else explains: a stale mount, a broken disk. */
export function unreadable(upload: string, error: unknown): UnusableFolder {
  return new UnusableFolder(
    "upload_unreadable",
    `The upload folder ${upload} cannot be read (${codeOf(error)})`,
    "check its mount, its disk and its rights",
  );
}

/** Opens the upload folder, as listing it will do, and returns its stats. Throws {@link UnusableFolder}. */
export async function uploadFolder(upload: string): Promise<BigIntStats> {
  try {
    await using folder = closing(await open(upload, FOLDER));
    return await folder.handle.stat({ bigint: true });
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      throw new UnusableFolder(
        "upload_missing",
        `The upload folder ${upload} does not exist`,
        "make it or mount it, or name another with --upload",
      );
    }
    if (!hasCode(error, "ENOTDIR")) throw unreadable(upload, error);
    throw new UnusableFolder(
      "upload_not_a_folder",
      `${upload} is not a folder`,
      "name the upload folder with --upload",
    );
  }
}

/** False when nothing is there. Throws {@link UnusableFolder} when something else is. */
export async function isRealFolder(path: string, code: string): Promise<boolean> {
  const stats = await statsOf(path);
  if (!stats || stats.isDirectory()) return stats !== null;
  const what = stats.isSymbolicLink() ? "a link" : "not a folder";
  const mend = basename(path) === "bak" ? "remove it" : "move it away";
  throw new UnusableFolder(code, `${path} is ${what}`, `${mend}, and rosterd makes a folder of its own there`);
}

/** Whether a path leads to a folder, and not by a link. */
export async function isPlainFolder(path: string): Promise<boolean> {
  return (await statsOf(path))?.isDirectory() ?? false;
}

/** The error for `bak` or `.rosterd` when it is no longer the folder that it was. */
export function swapped(path: string): UnusableFolder {
  return new UnusableFolder(
    basename(path) === "bak" ? "bak_not_a_folder" : "work_not_a_folder",
    `${path} is not the folder that it was`,
    "somebody moves it about; make the upload folder sticky and rosterd's own",
  );
}

/** Does with an empty folder what taking does with an upload. Returns its stats: so it looks when rosterd makes a folder. */
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

/** Moves an empty folder and removes it: rights and file systems are tried for real. */
export async function moveProbe(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    await rmdir(from);
    throw error;
  }
  await rmdir(to);
}

/** Throws {@link UnusableFolder} when nothing can be made in a folder. Returns the stats of what was made, as {@link tryClaiming}. */
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
  EACCES: "give the user of rosterd the right to write there",
  EPERM: "give the user of rosterd the right to write there",
  EROFS: "its file system is read-only; mount it writable",
  ENOSPC: "its disk is full; make room",
  EDQUOT: "the quota of the user of rosterd is used up; raise it or make room",
  EXDEV: "its folder .rosterd is on another file system; unmount it there",
};

/** The error for a folder in which nothing can be moved; errors of another kind as they are. */
export function notWritable(code: string, path: string, error: unknown): unknown {
  if (error instanceof UnusableFolder || codeOf(error) === "") return error;
  const mend = FIXES[codeOf(error)] ?? "check its mount and its disk";
  return new UnusableFolder(code, `Nothing can be moved within ${path} (${codeOf(error)})`, mend);
}
