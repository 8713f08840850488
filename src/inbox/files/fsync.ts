/** Changes folders durably, so that the changes survive a power cut, and names temporary entries. */
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode, nullOn } from "../../runtime/errors.ts";
import { create, mkdir, rmdir, unlink } from "./disk.ts";

/** The modes of new files and folders, which the umask may restrict further. */
export const FOLDER_MODE = 0o750;
export const FILE_MODE = 0o640;

export const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY;

/** The error codes with which a file system refuses hard links. */
export const NO_LINK: readonly string[] = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EMLINK"];

/** The error codes of a file system that cannot sync folders. */
const NO_FOLDER_SYNC = ["EINVAL", "EPERM", "ENOTSUP", "EOPNOTSUPP"];

/** Returns the stats of an entry without following links, or null if the entry is missing. */
export function statsOf(path: string) {
  return nullOn(lstat(path, { bigint: true }), "ENOENT");
}

export function isSameEntry(one: Entry | null, other: Entry | null): boolean {
  return one !== null && other !== null && one.dev === other.dev && one.ino === other.ino;
}

type Entry = Pick<BigIntStats, "dev" | "ino">;

/**
 * Syncs the entries of folders to disk if the file system supports that. All folders are synced at the same time, so
 * that the disk can combine the writes.
 */
export async function fsyncFolders(...paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map(fsyncFolder));
}

async function fsyncFolder(path: string): Promise<void> {
  await using folder = closing(await open(path, FOLDER));
  await nullOn(folder.handle.sync(), ...NO_FOLDER_SYNC);
}

/** Creates a folder. Returns false if the name already exists. */
export async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: FOLDER_MODE });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** Removes only an empty folder. (In Deno 2.6, `rmdir` also removes files.) */
export async function removeIfEmpty(path: string): Promise<void> {
  if (!(await statsOf(path))?.isDirectory()) return;
  await nullOn(rmdir(path), "ENOENT", "ENOTEMPTY", "EEXIST");
}

/** Removes a folder and the files in it. */
export async function removeFiles(folder: string): Promise<void> {
  for (const name of await nullOn(readdir(folder), "ENOENT") ?? []) await nullOn(unlink(join(folder, name)), "ENOENT");
  await nullOn(rmdir(folder), "ENOENT");
}

/** Creates a file. Returns null if the name already exists. */
export function makeFile(path: string): Promise<FileHandle | null> {
  return nullOn(create(path, FILE_MODE), "EEXIST");
}

export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

export async function writeNew(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  mode = FILE_MODE,
): Promise<void> {
  await using file = closing(await create(path, mode));
  await write(file.handle);
  await file.handle.sync();
}

/** Closes a handle through `await using`. */
export function closing(handle: FileHandle) {
  return { handle, [Symbol.asyncDispose]: () => handle.close() };
}

/**
 * The kinds of temporary entries: `probe` is an empty folder, `incoming` is an upload's folder, and `tmp` is a file.
 */
type TemporaryKind = "probe" | "incoming" | "tmp";

export function temporaryName(kind: TemporaryKind): string {
  return `.rosterd-${randomHex()}.${kind}`;
}

export function isTemporary(name: string, kind: TemporaryKind): boolean {
  return /^\.rosterd-[0-9a-f]{8}\./.test(name) && name.endsWith(`.${kind}`);
}

export function randomHex(): string {
  return crypto.getRandomValues(new Uint8Array(4)).toHex();
}
