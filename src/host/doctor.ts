/** The checks of `rosterd doctor` on this machine: user, settings file, data folder and free disk space. */
import { statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import { DEFAULT_SETTINGS, type Settings } from "../domain/settings.ts";
import { BrokenSettingsFile } from "../domain/stored_settings.ts";
import type { Clock } from "../runtime/clock.ts";
import { codeOrThrow, hasCode } from "../runtime/errors.ts";
import { openSettingsFile } from "./settings_file.ts";

const MIB = 1 << 20;
/**
 * Limits for free disk space. Free space below the first limit is an error; free space below the second is a warning.
 */
const MIN_FREE_BYTES = 64 * MIB;
const LOW_FREE_BYTES = 1_024 * MIB;

/**
 * Checks the settings file and returns its settings, or null if they are not valid. Does not create a missing file.
 */
export async function checkSettings(
  path: string,
  clock: Clock,
): Promise<{ finding: Finding; settings: Settings | null }> {
  if (await isAbsent(path) && !await isAbsent(dirname(resolve(path)))) return await checkAbsentSettings(path);
  try {
    const { settings } = await openSettingsFile(path, clock).read();
    return { finding: good("settings", `${path} is valid`), settings };
  } catch (error) {
    if (!(error instanceof BrokenSettingsFile)) throw error;
    const text = error.message.replaceAll("\n", "; ");
    const fix = "Fix the settings, then run doctor again. Until then, doctor cannot check mail or archiving.";
    return { finding: bad("settings", text, fix), settings: null };
  }
}

async function checkAbsentSettings(path: string): Promise<{ finding: Finding; settings: Settings | null }> {
  const code = await refusal(dirname(resolve(path)));
  if (code === null) {
    const text = `${path} does not exist yet: the defaults apply, and the first start creates it`;
    return { finding: good("settings", text), settings: DEFAULT_SETTINGS };
  }
  const fix = "Let rosterd's user write to its folder, or choose another file with --settings.";
  return { finding: bad("settings", `${path} does not exist and cannot be created (${code})`, fix), settings: null };
}

export function checkUser(): Finding {
  if (Deno.uid() !== 0) return good("user", "rosterd is not running as root");
  return warning(
    "user",
    "these checks run as root, which can do more than the service's user",
    "Give rosterd its own user, and run doctor as that user.",
  );
}

/** Checks an existing data folder. */
export async function checkData(folder: string): Promise<Finding> {
  const code = await refusal(folder);
  if (code === null) return good("data_folder", `${folder} is writable`);
  const text = `rosterd cannot create files in ${folder} (${code})`;
  return bad(
    "data_folder",
    text,
    "Make it a folder that rosterd's user can write to, or choose another folder with --data.",
  );
}

/** Tries to create a file in the folder. Returns the error code, or null on success. */
export async function refusal(folder: string): Promise<string | null> {
  const probe = join(folder, `.rosterd-${crypto.randomUUID()}.tmp`);
  try {
    await Deno.writeTextFile(probe, "", { createNew: true, mode: 0o600 });
    await Deno.remove(probe);
    return null;
  } catch (error) {
    return codeOrThrow(error);
  }
}

/** The folder, or its nearest existing parent. */
export async function nearest(folder: string): Promise<string> {
  let place = resolve(folder);
  while (await isAbsent(place) && place !== dirname(place)) place = dirname(place);
  return place;
}

export async function checkDisk(check: string, folder: string): Promise<Finding> {
  const place = await nearest(folder);
  let free: number, share: number;
  try {
    const { bavail, blocks, bsize } = await statfs(place);
    free = bavail * bsize;
    share = blocks === 0 ? 100 : (100 * bavail) / blocks;
  } catch (error) {
    const text = `cannot determine the free disk space for ${folder} (${codeOrThrow(error)})`;
    return warning(check, text, "Check the mount and its permissions.");
  }
  const text = `${size(free)} (${Math.floor(share)}%) free on the disk that holds ${folder}`;
  const fix = "Free up space on this disk. The setting bak_retention_days deletes old files from bak.";
  if (free < MIN_FREE_BYTES) return bad(check, text, fix);
  return free < LOW_FREE_BYTES ? warning(check, text, fix) : good(check, text);
}

function size(bytes: number): string {
  return bytes < 1_024 * MIB ? `${Math.floor(bytes / MIB)} MiB` : `${Math.floor(bytes / (1_024 * MIB))} GiB`;
}

/** A path that cannot be accessed counts as existing, because the next check reports the reason. */
async function isAbsent(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => false, (error) => hasCode(error, "ENOENT"));
}
