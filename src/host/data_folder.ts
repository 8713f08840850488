/**
 * The data folder: made for rosterd alone, with the admin token in it. What else stands there has files of its own:
 * `database_lock.ts`, `service_record.ts`, and the embedded database. Everything here throws `UnusableData`.
 */
import { join } from "node:path";
import { inData } from "./unusable_data.ts";
import { fileLock, readIfPresent, writeWhole } from "./whole_file.ts";

/** Makes the folder, mode 0700, where there is none. An existing one stays as it is. */
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

/** Where the admin token stands that was not given by ROSTERD_ADMIN_TOKEN. */
export function adminTokenPath(folder: string): string {
  return join(folder, "admin-token");
}

/** The kept admin token; null when none was made yet, or the file is empty. */
export async function readAdminToken(folder: string): Promise<string | null> {
  return (await inData(folder, () => readIfPresent(adminTokenPath(folder))))?.trim() || null;
}

/** The kept admin token, made once where there is none. Two processes that start together get the same. */
export async function readOrMakeAdminToken(folder: string): Promise<string> {
  return await readAdminToken(folder) ??
    await lockedToken(folder, async () => await readAdminToken(folder) ?? await storeNewToken(folder));
}

/** Makes a new admin token in place of the kept one, which is worth nothing from then on. */
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
