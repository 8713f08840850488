/**
 * Rights as the user of the service has them, whoever asks: root may do what that user may not. Where the two differ nothing is
 * tried, it is calculated from owners and modes; what lies beyond them (ACLs, quotas) only the service itself can tell.
 */
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { nullOn } from "../runtime/errors.ts";

export interface ServiceUser {
  uid: number;
  /** Its groups, the first one and all others. */
  gids: readonly number[];
  /** `rosterd (uid 998)`. */
  name: string;
}

/** The user to whom the first of these that exists belongs; null when that is who asks, or when none exists. */
export async function anotherUser(...paths: readonly string[]): Promise<ServiceUser | null> {
  for (const path of paths) {
    const stats = await nullOn(stat(path), "ENOENT", "ENOTDIR", "EACCES");
    if (stats === null) continue;
    return stats.uid === Deno.uid() ? null : await userOf(stats.uid, stats.gid);
  }
  return null;
}

/** Who asks. */
export async function ownUser(): Promise<ServiceUser> {
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

/** Whether owner and mode of something let a user do this with it. */
export function lets({ uid, gids }: ServiceUser, entry: Pick<Stats, "uid" | "gid" | "mode">, rights: number): boolean {
  if (uid === 0) return true;
  const shift = entry.uid === uid ? 6 : gids.includes(entry.gid) ? 3 : 0;
  return ((entry.mode >> shift) & rights) === rights;
}

/** The first folder on the way to `path` that a user may not enter; null when there is none. */
export async function closedOnTheWay(user: ServiceUser, path: string): Promise<string | null> {
  const parents: string[] = [];
  for (let folder = dirname(resolve(path)); parents[0] !== folder; folder = dirname(folder)) parents.unshift(folder);
  for (const folder of parents) {
    const stats = await nullOn(stat(folder), "ENOENT");
    if (stats !== null && !lets(user, stats, ENTER)) return folder;
  }
  return null;
}
