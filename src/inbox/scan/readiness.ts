/**
 * Whether a file that was seen may be read now (contract, section 1, "settled"): old enough, readable, and its last
 * line closed or the file ten times as old. Reads no more than its last two bytes, and only once it is old enough.
 */
import type { WaitingFile } from "../../importer/ports.ts";
import { codeOf, hasCode } from "../../runtime/errors.ts";
import { openUnfollowed } from "../../runtime/open_unfollowed.ts";
import { closing, statsOf } from "../files/fsync.ts";
import { isCompressed } from "../names.ts";
import { isSettled, type Observation } from "./settle.ts";
import { waiting } from "./waiting.ts";

/** A file as a look found it. */
export interface SeenFile {
  readonly path: string;
  readonly name: string;
  readonly sight: Observation;
}

/** Why a file may not be read yet; "vanished" when it is gone or is another by now; null when it may be read. */
export async function reasonToWait(
  file: SeenFile,
  settleSeconds: number,
  now: number,
): Promise<WaitingFile | "vanished" | null> {
  const { name, sight } = file;
  if (isSettled(sight, settleSeconds, now) && sight.lineEnd === null) {
    const found = await readEnd(file);
    if (typeof found !== "boolean") return found;
    sight.lineEnd = found;
  }
  if (isSettled(sight, settleSeconds, now)) return null;
  return sight.lineEnd === false ? waiting.noLineEnd(name) : waiting.changing(name);
}

/** Whether a file ends with a line end. That it can be opened shows that it can be read at all. */
async function readEnd(
  { path, name, sight: { fingerprint: print } }: SeenFile,
): Promise<boolean | WaitingFile | "vanished"> {
  try {
    await using file = closing(await openUnfollowed(path));
    const { dev, ino } = await file.handle.stat({ bigint: true });
    if (dev !== print.dev || ino !== print.ino) return "vanished";
    if (isCompressed(name)) return true;
    const end = new Uint8Array(2);
    const { bytesRead } = await file.handle.read(end, 0, 2, Math.max(0, Number(print.size) - 2));
    return endsLine(end.subarray(0, bytesRead));
  } catch (error) {
    if (hasCode(error, "ENOENT", "ELOOP", "ENXIO")) return "vanished";
    if (codeOf(error) === "") throw error;
    if (!hasCode(error, "EACCES", "EPERM")) return waiting.failing(name, codeOf(error));
    const stats = await statsOf(path);
    return stats ? waiting.unreadable(name, stats) : "vanished";
  }
}

/** LF or CR; in UTF-16 LE a zero byte follows it. */
function endsLine(end: Uint8Array): boolean {
  const last = end.at(-1) === 0 ? end.at(-2) : end.at(-1);
  return last === 0x0a || last === 0x0d;
}
