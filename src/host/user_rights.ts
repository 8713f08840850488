/**
 * Derives the rights of another user from file owners and modes, because root has no way to test them directly. Ignores
 * ACLs and quotas.
 */
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { nullOn } from "../runtime/errors.ts";

export interface ServiceUser {
  uid: number;
  /** The ids of the primary and supplementary groups. */
  gids: readonly number[];
  /** The user as shown in messages, such as `rosterd (uid 998)`. */
  name: string;
}

/** The owner of the first path that exists; null if that is the current user, or if no path exists. */
export async function otherOwner(...paths: readonly string[]): Promise<ServiceUser | null> {
  for (const path of paths) {
    const stats = await nullOn(stat(path), "ENOENT", "ENOTDIR", "EACCES");
    if (stats === null) continue;
    return stats.uid === Deno.uid() ? null : await userOf(stats.uid, stats.gid);
  }
  return null;
}

export async function currentUser(): Promise<ServiceUser> {
  return await userOf(Deno.uid() ?? 0, Deno.gid() ?? 0);
}

async function userOf(uid: number, gid: number): Promise<ServiceUser> {
  const found = (await table("/etc/passwd")).find(([, , id]) => id === String(uid));
  if (found === undefined) return { uid, gids: [gid], name: `uid ${uid}` };
  const [name, , , own] = found;
  const more = (await table("/etc/group")).filter(([, , , members]) => members?.split(",").includes(name));
  return { uid, gids: [Number(own), ...more.map(([, , id]) => Number(id))], name: `${name} (uid ${uid})` };
}

async function table(path: string): Promise<string[][]> {
  const text = await nullOn(Deno.readTextFile(path), "ENOENT", "EACCES") ?? "";
  return text.split("\n").map((line) => line.split(":"));
}

export const READ = 4, WRITE = 2, ENTER = 1;

/** Whether a user has the given rights according to the owner and mode of a file or folder. */
export function allows(
  { uid, gids }: ServiceUser,
  entry: Pick<Stats, "uid" | "gid" | "mode">,
  rights: number,
): boolean {
  if (uid === 0) return true;
  const shift = entry.uid === uid ? 6 : gids.includes(entry.gid) ? 3 : 0;
  return ((entry.mode >> shift) & rights) === rights;
}

/** The first parent of `path` that the user cannot enter; null if the user can enter them all. */
export async function blockingFolder(user: ServiceUser, path: string): Promise<string | null> {
  const parents: string[] = [];
  for (let folder = dirname(resolve(path)); parents[0] !== folder; folder = dirname(folder)) parents.unshift(folder);
  for (const folder of parents) {
    const stats = await nullOn(stat(folder), "ENOENT");
    if (stats !== null && !allows(user, stats, ENTER)) return folder;
  }
  return null;
}
