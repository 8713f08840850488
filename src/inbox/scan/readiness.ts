/** Decides from a file's age and its last two bytes whether it may be read now (docs/upload-folder.md#settling). */
import type { WaitingFile } from "../../importer/inbox_port.ts";
import { codeOf, hasCode } from "../../runtime/errors.ts";
import { openUnfollowed } from "../../runtime/open_unfollowed.ts";
import { closing, statsOf } from "../files/fsync.ts";
import { isCompressed } from "../names.ts";
import { isSettled, type Observation } from "./settle.ts";
import { waiting } from "./waiting.ts";

export interface SeenFile {
  readonly path: string;
  readonly name: string;
  readonly observation: Observation;
}

/**
 * Returns null if the file may be read; "vanished" if the file was removed or replaced; otherwise the reason to wait.
 */
export async function reasonToWait(
  file: SeenFile,
  settleSeconds: number,
  now: number,
): Promise<WaitingFile | "vanished" | null> {
  const { name, observation } = file;
  if (isSettled(observation, settleSeconds, now) && observation.lineEnd === null) {
    const found = await readEnd(file);
    if (typeof found !== "boolean") return found;
    observation.lineEnd = found;
  }
  if (isSettled(observation, settleSeconds, now)) return null;
  return observation.lineEnd === false ? waiting.noLineEnd(name) : waiting.changing(name);
}

async function readEnd(
  { path, name, observation: { fingerprint } }: SeenFile,
): Promise<boolean | WaitingFile | "vanished"> {
  try {
    await using file = closing(await openUnfollowed(path));
    const { dev, ino } = await file.handle.stat({ bigint: true });
    if (dev !== fingerprint.dev || ino !== fingerprint.ino) return "vanished";
    if (isCompressed(name)) return true;
    const end = new Uint8Array(2);
    const { bytesRead } = await file.handle.read(end, 0, 2, Math.max(0, Number(fingerprint.size) - 2));
    return endsLine(end.subarray(0, bytesRead));
  } catch (error) {
    if (hasCode(error, "ENOENT", "ELOOP", "ENXIO")) return "vanished";
    if (codeOf(error) === "") throw error;
    if (!hasCode(error, "EACCES", "EPERM")) return waiting.failing(name, codeOf(error));
    const stats = await statsOf(path);
    return stats ? waiting.unreadable(name, stats) : "vanished";
  }
}

/** Accepts LF or CR, optionally followed by the zero byte of UTF-16 LE. */
function endsLine(end: Uint8Array): boolean {
  const last = end.at(-1) === 0 ? end.at(-2) : end.at(-1);
  return last === 0x0a || last === 0x0d;
}
