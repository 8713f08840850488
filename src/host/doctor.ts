/** What `rosterd doctor` asks of this machine: the user, the settings file, the data folder, and room on the disks. */
import { statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import { DEFAULT_SETTINGS, type Settings } from "../domain/settings.ts";
import { BrokenSettingsFile } from "../domain/stored_settings.ts";
import type { Clock } from "../runtime/clock.ts";
import { codeOrThrow, hasCode } from "../runtime/errors.ts";
import { openSettingsFile } from "./settings_file.ts";

const MIB = 1 << 20;
/** Below the first nothing can be relied on; below the second it is time to make room. */
const ROOM_BAD = 64 * MIB;
const ROOM_LITTLE = 1_024 * MIB;

/** `settings` is null when they do not hold. An absent file is not made. */
export async function checkSettings(
  path: string,
  clock: Clock,
): Promise<{ finding: Finding; settings: Settings | null }> {
  if (await isAbsent(path) && !await isAbsent(dirname(resolve(path)))) return await examineAbsentSettings(path);
  try {
    const { settings } = await openSettingsFile(path, clock).read();
    return { finding: good("settings", `${path} holds`), settings };
  } catch (error) {
    if (!(error instanceof BrokenSettingsFile)) throw error;
    const text = error.message.replaceAll("\n", "; ");
    const mend = "Mend the settings, then ask again: mail and archiving can be judged only then.";
    return { finding: bad("settings", text, mend), settings: null };
  }
}

async function examineAbsentSettings(path: string): Promise<{ finding: Finding; settings: Settings | null }> {
  const code = await refusal(dirname(resolve(path)));
  if (code === null) {
    const text = `${path} is not there yet: the defaults hold, and the first start makes it`;
    return { finding: good("settings", text), settings: DEFAULT_SETTINGS };
  }
  const mend = "Let the user of rosterd write in its folder, or name another file with --settings.";
  return { finding: bad("settings", `${path} is not there, and cannot be made (${code})`, mend), settings: null };
}

export function checkUser(): Finding {
  if (Deno.uid() !== 0) return good("user", "rosterd does not run as root");
  return warning(
    "user",
    "this runs as root: root may do what the user of the service perhaps may not",
    "Give rosterd a user of its own, and run doctor as that user.",
  );
}

/** The admin token and the record of the running service stand there, and the embedded database. */
export async function checkData(folder: string): Promise<Finding> {
  const isThere = !await isAbsent(folder);
  const code = await refusal(isThere ? folder : await nearest(folder));
  if (code === null) {
    return good("data_folder", `${folder} ${isThere ? "can be written" : "is made at the first start"}`);
  }
  const text = isThere
    ? `nothing can be made in ${folder} (${code})`
    : `${folder} is not there, and cannot be made (${code})`;
  return bad(
    "data_folder",
    text,
    "Make it a folder in which the user of rosterd may write, or name another with --data.",
  );
}

/** The code of the error with which nothing can be made in a folder; null when something can. */
async function refusal(folder: string): Promise<string | null> {
  const probe = join(folder, `.rosterd-${crypto.randomUUID()}.tmp`);
  try {
    await Deno.writeTextFile(probe, "", { createNew: true, mode: 0o600 });
    await Deno.remove(probe);
    return null;
  } catch (error) {
    return codeOrThrow(error);
  }
}

/** The folder itself, or where it will be made. */
async function nearest(folder: string): Promise<string> {
  let place = resolve(folder);
  while (await isAbsent(place) && place !== dirname(place)) place = dirname(place);
  return place;
}

/** Room on the disk of a folder, or of where it will be made. */
export async function checkDisk(check: string, folder: string): Promise<Finding> {
  const place = await nearest(folder);
  let free: number, share: number;
  try {
    const { bavail, blocks, bsize } = await statfs(place);
    free = bavail * bsize;
    share = blocks === 0 ? 100 : (100 * bavail) / blocks;
  } catch (error) {
    const mend = "Check the mount and its rights.";
    return warning(check, `how much room is left for ${folder} cannot be found out (${codeOrThrow(error)})`, mend);
  }
  const text = `${size(free)} (${Math.floor(share)} %) of the disk of ${folder} are free`;
  const mend = "Make room on this disk; bak_retention_days removes old files from bak.";
  if (free < ROOM_BAD) return bad(check, text, mend);
  return free < ROOM_LITTLE ? warning(check, text, mend) : good(check, text);
}

function size(bytes: number): string {
  return bytes < 1_024 * MIB ? `${Math.floor(bytes / MIB)} MiB` : `${Math.floor(bytes / (1_024 * MIB))} GiB`;
}

/** Whether nothing is there. What may not be looked at counts as there: the next question says why. */
async function isAbsent(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => false, (error) => hasCode(error, "ENOENT"));
}
