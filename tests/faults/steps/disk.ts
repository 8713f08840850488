/** Replaces `src/inbox/files/disk.ts`. */
import type { FileHandle } from "node:fs/promises";
import * as disk from "../../../src/inbox/files/disk.ts";
import { effect } from "./killing.ts";

function counted<A extends unknown[], T>(name: string, work: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
  return (...args) => effect(`${name} ${lastWord(args)}`, () => work(...args));
}

/** The last of the paths in the arguments, without its folders. */
function lastWord(args: readonly unknown[]): string {
  const path = args.findLast((arg) => typeof arg === "string") as string;
  return path.slice(path.lastIndexOf("/") + 1);
}

export const chmod = counted("chmod", disk.chmod);
export const chown = counted("chown", disk.chown);
export const link = counted("link", disk.link);
export const rename = counted("rename", disk.rename);
export const rmdir = counted("rmdir", disk.rmdir);
export const unlink = counted("unlink", disk.unlink);
export const utimes = counted("utimes", disk.utimes);
export const mkdir = counted("mkdir", (path: string, options: { mode: number }) => disk.mkdir(path, options));

export async function create(path: string, mode: number): Promise<FileHandle> {
  const handle = await counted("create", disk.create)(path, mode);
  const write = handle.write.bind(handle) as (...args: unknown[]) => Promise<never>;
  return Object.assign(handle, { write: (...args: unknown[]) => effect("write", () => write(...args)) });
}
