/**
 * A roster file that stands open. Everything is read through the one handle, so that nobody can swap the file for
 * another meanwhile. Links are never followed, pipes never waited for.
 *
 * The inbox opens taken uploads and files in `bak` with it, `rosterd import` and `check` any path.
 */
import type { FileHandle } from "node:fs/promises";
import type { RosterFile } from "../../importer/ports.ts";
import { hasCode } from "../../runtime/errors.ts";
import { openUnfollowed } from "../../runtime/open_unfollowed.ts";
import { type Fingerprint, fingerprintOf, sameFile } from "../scan/settle.ts";

const CHUNK_BYTES = 256 * 1024;

/** Something that has bytes but is no plain file. `code`: `EISDIR` for a folder, else `not_a_plain_file`. */
export class NotAPlainFile extends Error {
  override readonly name = "NotAPlainFile";
  constructor(readonly code: "EISDIR" | "not_a_plain_file", path: string) {
    super(`${path} is ${code === "EISDIR" ? "a folder" : "not a plain file"}`);
  }
}

/** Whether no plain file could be opened because none is there, or something else bears the name. */
export function isNoPlainFile(error: unknown): boolean {
  return error instanceof NotAPlainFile || hasCode(error, "ENOENT", "ELOOP", "ENXIO", "EISDIR");
}

/**
 * Opens a file; `name` is what reports call it, `accepts` whether it is the one that is meant. The errors of the system go on as
 * they are (`ENOENT`, `EACCES`, `ELOOP` for a link: a caller who means what the link leads to passes its real path);
 * {@link NotAPlainFile} for folders, pipes and devices.
 */
export async function openRosterFile(
  path: string,
  name: string,
  accepts: (print: Fingerprint) => boolean = () => true,
): Promise<RosterFile> {
  const handle = await openUnfollowed(path);
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw new NotAPlainFile(stats.isDirectory() ? "EISDIR" : "not_a_plain_file", path);
    const print = fingerprintOf(stats);
    if (!accepts(print)) throw new NotAPlainFile("not_a_plain_file", path);
    return new OpenRosterFile(handle, name, print);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class OpenRosterFile implements RosterFile {
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #print: Fingerprint;

  constructor(handle: FileHandle, readonly name: string, print: Fingerprint) {
    this.#handle = handle;
    this.#print = print;
    this.size = Number(print.size);
  }

  /**
   * Ends at the size that the file had when it was opened, so that a writer who appends cannot keep it going. While a chunk is
   * worked on, the next one is read.
   */
  async *read(into?: Uint8Array): AsyncGenerator<Uint8Array> {
    const rooms = into === undefined ? null : halves(into);
    let position = 0, next = this.#chunkAt(0, rooms?.[0]);
    try {
      for (let nth = 1;; nth++) {
        const chunk = await next;
        if (chunk.length === 0) return;
        position += chunk.length;
        next = this.#chunkAt(position, rooms?.[nth % 2]);
        yield chunk;
      }
    } finally {
      // Who has stopped reading does not want to know how the chunk ahead came out, but may close the file now.
      await next.catch(() => {});
    }
  }

  /** Empty at the end. */
  async #chunkAt(position: number, room: Uint8Array = new Uint8Array(CHUNK_BYTES)): Promise<Uint8Array> {
    const length = Math.min(room.length, this.size - position);
    if (length <= 0) return room.subarray(0, 0);
    const { bytesRead } = await this.#handle.read(room, 0, length, position);
    return room.subarray(0, bytesRead);
  }

  async changed(): Promise<boolean> {
    return !sameFile(this.#print, fingerprintOf(await this.#handle.stat({ bigint: true })));
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function halves(room: Uint8Array): [Uint8Array, Uint8Array] {
  const half = room.length >> 1;
  return [room.subarray(0, half), room.subarray(half, 2 * half)];
}
