/**
 * The upload folder with the eyes of another user, by calculation: nothing is tried and nothing is made. For `status` and `doctor`
 * when they are called by root, or by whoever else is not the user of the service.
 */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { bad, type Finding, good } from "../domain/finding.ts";
import type { WaitingFile } from "../importer/ports.ts";
import { nullOn } from "../runtime/errors.ts";
import { foldersOf } from "./folders.ts";
import { kindOfName } from "./names.ts";
import { waiting } from "./scan/waiting.ts";

/** What is asked of owners and modes; `host/eyes.ts` answers. */
export interface Eyes {
  uid: number;
  /** `rosterd (uid 998)`. */
  name: string;
  /** Whether it may list, change and enter a folder. */
  mayUse(path: string): Promise<string | null>;
  mayRead(entry: { uid: number; gid: number; mode: number }): boolean;
}

/** One a folder. */
export async function* foldersSeenBy(upload: string, eyes: Eyes): AsyncGenerator<Finding> {
  const folders = foldersOf(upload);
  const checks = [["upload_folder", folders.upload], ["work_folder", folders.work], [
    "bak_folder",
    folders.bak,
  ]] as const;
  for (const [check, path] of checks) {
    const stats = await nullOn(lstat(path), "ENOENT", "ENOTDIR");
    const isUpload = check === "upload_folder";
    if (stats === null && !isUpload) yield good(check, `${path} is made when it is needed`);
    else if (stats === null) {
      yield bad(check, `${path} does not exist`, "Make it or mount it, or name another with --upload.");
    } else if (!isUpload && !stats.isDirectory()) {
      yield bad(check, `${path} is not a folder`, "Move it away, and rosterd makes a folder of its own there.");
    } else if (!isUpload && stats.uid !== eyes.uid && stats.uid !== 0) {
      yield bad(check, `${path} belongs to uid ${stats.uid}, not to ${eyes.name}`, `Run: chown -R ${eyes.uid} ${path}`);
    } else {
      const why = await eyes.mayUse(path);
      yield why === null ? good(check, `${eyes.name} may read and write ${path}, by its owner and mode`) : bad(
        check,
        `${eyes.name} may not use ${path}: ${why}`,
        "Give it to the user of the service, mode 0750 or wider.",
      );
    }
  }
}

/** The uploads that the user may not read, in the words of the service. */
export async function unreadableFor(upload: string, eyes: Eyes): Promise<WaitingFile[]> {
  const found: WaitingFile[] = [];
  for (const name of await namesIn(upload)) {
    const stats = await nullOn(lstat(join(upload, name), { bigint: true }), "ENOENT");
    if (kindOfName(name) !== "upload" || stats === null || !stats.isFile()) continue;
    const plain = { uid: Number(stats.uid), gid: Number(stats.gid), mode: Number(stats.mode) };
    if (!eyes.mayRead(plain)) found.push(waiting.unreadable(name, stats));
  }
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  return (await nullOn(readdir(folder), "ENOENT", "ENOTDIR", "EACCES") ?? []).sort();
}
