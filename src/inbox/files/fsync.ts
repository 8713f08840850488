/**
 * Changes to folders that outlast a power cut, and the names of rosterd's own short-lived entries.
 * Used wherever the inbox makes, moves or removes something.
 */
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { hasCode, nullOn } from "../../runtime/errors.ts";
import { create, mkdir, rmdir } from "./disk.ts";

/** Folders that rosterd makes; the umask may take more away. */
export const FOLDER_MODE = 0o750;
/** Files that rosterd makes. */
export const FILE_MODE = 0o640;

/** Opens a folder, and nothing else. */
export const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY;

/** Codes by which a file system refuses a hard link for a reason other than a taken name. */
export const NO_LINK: readonly string[] = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EMLINK"];

/** Codes by which a file system says that it cannot sync a folder. */
const NO_FOLDER_SYNC = ["EINVAL", "EPERM", "ENOTSUP", "EOPNOTSUPP"];

/** The stats of an entry itself, links not followed; null when it is not there. */
export function statsOf(path: string) {
  return nullOn(lstat(path, { bigint: true }), "ENOENT");
}

/** Writes the entries of folders to disk, where the file system can. */
export async function fsyncFolders(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await using folder = closing(await open(path, FOLDER));
    await nullOn(folder.handle.sync(), ...NO_FOLDER_SYNC);
  }
}

/** Makes a folder unless something bears the name; returns whether it made it. */
export async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: FOLDER_MODE });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** Removes a folder if it is one and holds nothing. (Under Deno 2.6 `rmdir` removes a file as well.) */
export async function removeIfEmpty(path: string): Promise<void> {
  if (!(await statsOf(path))?.isDirectory()) return;
  await nullOn(rmdir(path), "ENOENT", "ENOTEMPTY", "EEXIST");
}

/** Makes a file that did not exist. Null when the name is taken. */
export function makeFile(path: string): Promise<FileHandle | null> {
  return nullOn(create(path, FILE_MODE), "EEXIST");
}

/** Writes all the bytes, also when the system takes them in parts. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

/** Lets `await using` close a handle. */
export function closing(handle: FileHandle) {
  return { handle, [Symbol.asyncDispose]: () => handle.close() };
}

/** A name for an entry that lives for a moment: a `probe` is a folder, a `tmp` a file. */
export function temporaryName(kind: "probe" | "tmp"): string {
  return `.rosterd-${randomHex()}.${kind}`;
}

/** Whether a name was made by {@link temporaryName}. */
export function isTemporary(name: string, kind: "probe" | "tmp"): boolean {
  return /^\.rosterd-[0-9a-f]{8}\./.test(name) && name.endsWith(`.${kind}`);
}

/** Eight random hexadecimal digits. */
export function randomHex(): string {
  return crypto.getRandomValues(new Uint8Array(4)).toHex();
}
