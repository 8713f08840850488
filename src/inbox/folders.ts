/**
 * The three folders of the inbox: where uploads arrive, `.rosterd` where taken ones stand, and `bak`. Says whether
 * they can be used; never touches an upload.
 */
import type { BigIntStats } from "node:fs";
import { open } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UnusableFolder } from "../importer/ports.ts";
import { mkdir, rename, rmdir } from "./disk.ts";
import { closing, FOLDER, FOLDER_MODE, makeFolder, momentaryName, statsOf, syncFolders } from "./durable.ts";
import { codeOf, hasCode } from "./error_code.ts";

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

/** Checks the folders before each look, and knows the upload folder again when a mount went away beneath it. */
export class FolderCheck {
  #worked: { dev: bigint; ino: bigint } | null = null;
  constructor(readonly folders: Folders) {}

  /** Throws {@link UnusableFolder} unless uploads can be read, taken and moved to `bak`: tried for real. */
  async run(): Promise<void> {
    const { upload, work, bak } = this.folders;
    const identity = await uploadFolder(upload);
    const hasWork = await isRealFolder(work, "work_not_a_folder");
    const hasBak = await isRealFolder(bak, "bak_not_a_folder");
    const before = this.#worked;
    if (before && !hasWork && (before.dev !== identity.dev || before.ino !== identity.ino)) {
      throw new UnusableFolder(
        "upload_missing",
        `The upload folder ${upload} is not the one that was there before`,
        "its mount is probably gone. Mount it again, or restart rosterd if the new folder is meant",
      );
    }
    await tryTaking(this.folders);
    if (hasBak) await tryFiling(bak);
    this.#worked = { dev: identity.dev, ino: identity.ino };
  }
}

/** Makes `bak` or `.rosterd` when it is first needed. Throws {@link UnusableFolder} when something else is there. */
export async function ensureFolder(path: string, code: "bak_not_a_folder" | "work_not_a_folder"): Promise<void> {
  if (await makeFolder(path)) await syncFolders(resolve(path, ".."));
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
  throw new UnusableFolder(code, `${path} is ${what}`, "remove it, and rosterd makes a folder of its own there");
}

/** Does with an empty folder what taking does with an upload. */
async function tryTaking({ upload, work }: Folders): Promise<void> {
  const name = momentaryName("probe");
  try {
    await ensureFolder(work, "work_not_a_folder");
    await mkdir(join(upload, name), { mode: FOLDER_MODE });
    await moveProbe(join(upload, name), join(work, name));
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

/** Throws {@link UnusableFolder} when nothing can be made in `bak`. */
export async function tryFiling(bak: string): Promise<void> {
  const probe = join(bak, momentaryName("probe"));
  try {
    await mkdir(probe, { mode: FOLDER_MODE });
    await rmdir(probe);
  } catch (error) {
    throw notWritable("bak_not_writable", bak, error);
  }
}

const MENDS: Readonly<Record<string, string>> = {
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
  const mend = MENDS[codeOf(error)] ?? "check its mount and its disk";
  return new UnusableFolder(code, `Nothing can be moved within ${path} (${codeOf(error)})`, mend);
}
