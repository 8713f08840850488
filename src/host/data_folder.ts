/**
 * The data folder and the admin token in it. The folder also has the lock (`database_lock.ts`), the record of the service
 * (`service_record.ts`) and the embedded database. Every function may throw `UnusableData`.
 */
import { join } from "node:path";
import { inData } from "./unusable_data.ts";
import { fileLock, readIfPresent, writeWhole } from "./whole_file.ts";

/** Creates the folder with mode 0700 if it is missing. */
export async function makeDataFolder(folder: string): Promise<void> {
  await inData(folder, () => Deno.mkdir(folder, { recursive: true, mode: 0o700 }));
}

/** The beginning of the names of rosters that were sent to be checked. */
export const CHECKED_PREFIX = "check-";

/** Removes checked rosters that a killed service left in the folder. */
export async function removeAbandonedChecks(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (name.startsWith(CHECKED_PREFIX)) await Deno.remove(join(folder, name));
  }
}

/** The file with the admin token, used if ROSTERD_ADMIN_TOKEN is not set. */
export function adminTokenPath(folder: string): string {
  return join(folder, "admin-token");
}

/** The stored admin token; null if the file is missing or empty. */
export async function readAdminToken(folder: string): Promise<string | null> {
  return (await inData(folder, () => readIfPresent(adminTokenPath(folder))))?.trim() || null;
}

/** The stored admin token, created if it is missing. Processes that start together get the same one. */
export async function readOrMakeAdminToken(folder: string): Promise<string> {
  return await readAdminToken(folder) ??
    await lockedToken(folder, async () => await readAdminToken(folder) ?? await storeNewToken(folder));
}

/** Replaces the stored admin token. */
export function rotateAdminToken(folder: string): Promise<string> {
  return lockedToken(folder, () => storeNewToken(folder));
}

function lockedToken(folder: string, work: () => Promise<string>): Promise<string> {
  return inData(folder, () => fileLock(`${adminTokenPath(folder)}.lock`)(work));
}

async function storeNewToken(folder: string): Promise<string> {
  const token = crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
  await writeWhole(adminTokenPath(folder), token + "\n", { mode: 0o600 });
  return token;
}
