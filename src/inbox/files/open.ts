/**
 * Opens a roster once, so that no program can replace the file between two reads. Does not follow links or wait for
 * pipes.
 */
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { RosterFile } from "../../importer/inbox_port.ts";
import { errorWithCode, hasCode, nullOn } from "../../runtime/errors.ts";
import { openUnfollowed } from "../../runtime/open_unfollowed.ts";
import { type Fingerprint, fingerprintOf, sameFile } from "../scan/settle.ts";

const CHUNK_BYTES = 256 * 1024;

/** The error codes of a file system that cannot sync a file that is open for reading. */
const NO_SYNC = ["EINVAL", "EBADF", "EROFS", "ENOTSUP", "EOPNOTSUPP"];

/** rosterd's own code: the entry can be opened but is not a file, or is not the expected file. */
const NOT_A_PLAIN_FILE = "not_a_plain_file";

/** Recognizes the errors for a missing file and for a name that is not a plain file. */
export function isNoPlainFile(error: unknown): boolean {
  return hasCode(error, "ENOENT", "ELOOP", "ENXIO", "EISDIR", NOT_A_PLAIN_FILE);
}

/**
 * `name` appears in reports. The callback `accepts` can refuse a file that has been replaced. Throws system errors
 * (`ENOENT`, `EACCES`, `ELOOP` for a link) and `not_a_plain_file`. To open the target of a link, pass the real path.
 */
export async function openRosterFile(
  path: string,
  name: string,
  accepts: (fingerprint: Fingerprint) => boolean = () => true,
): Promise<OpenRosterFile> {
  const handle = await openUnfollowed(path);
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isDirectory()) throw errorWithCode("EISDIR", `${path} is a folder`);
    const fingerprint = fingerprintOf(stats);
    if (!stats.isFile() || !accepts(fingerprint)) throw errorWithCode(NOT_A_PLAIN_FILE, `${path} is not a plain file`);
    return new OpenRosterFile(handle, name, fingerprint);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export class OpenRosterFile implements RosterFile {
  readonly size: number;

  constructor(
    private readonly handle: FileHandle,
    readonly name: string,
    private readonly fingerprint: Fingerprint,
  ) {
    this.size = Number(fingerprint.size);
  }

  /**
   * Reads up to the size that the file had when it was opened, even if another program appends to the file. Reads one
   * chunk ahead.
   */
  async *read(into?: Uint8Array): AsyncGenerator<Uint8Array> {
    const buffers = into === undefined ? null : halves(into);
    let position = 0, next = this.#chunkAt(0, buffers?.[0]);
    try {
      for (let nth = 1;; nth++) {
        const chunk = await next;
        if (chunk.length === 0) return;
        position += chunk.length;
        next = this.#chunkAt(position, buffers?.[nth % 2]);
        yield chunk;
      }
    } finally {
      // Waits for the pending read, so that a reader that stops early can close the file. An error from the pending
      // read no longer matters.
      await next.catch(() => {});
    }
  }

  /** Returns an empty chunk at the end of the file. */
  async #chunkAt(position: number, buffer: Uint8Array = new Uint8Array(CHUNK_BYTES)): Promise<Uint8Array> {
    const length = Math.min(buffer.length, this.size - position);
    if (length <= 0) return buffer.subarray(0, 0);
    const { bytesRead } = await this.handle.read(buffer, 0, length, position);
    return buffer.subarray(0, bytesRead);
  }

  /**
   * Syncs the file's content if the file system supports that. Otherwise, an applied roster in `bak` could be empty
   * after a power cut.
   */
  async sync(): Promise<this> {
    try {
      await nullOn(this.handle.datasync(), ...NO_SYNC);
      return this;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  stats(): Promise<BigIntStats> {
    return this.handle.stat({ bigint: true });
  }

  async changed(): Promise<boolean> {
    return !sameFile(this.fingerprint, fingerprintOf(await this.stats()));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function halves(buffer: Uint8Array): [Uint8Array, Uint8Array] {
  const half = buffer.length >> 1;
  return [buffer.subarray(0, half), buffer.subarray(half, 2 * half)];
}
