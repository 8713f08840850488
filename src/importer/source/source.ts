/** The unpacked bytes of a roster, which can be read repeatedly. Gzip is detected by content, not by file name. */
import { beginsWith, firstBytes, HEAD_LENGTH } from "./sniff_head.ts";
import { GZ_LIMITS, GZ_MAGIC, rejectNotGz, unpackedGz } from "./gunzip.ts";
import type { RosterFile } from "../inbox_port.ts";

/** Called with each chunk before unpacking, exactly as on disk. */
export type OnRead = (chunk: Uint8Array) => void;

export interface Source {
  /** The first {@link HEAD_LENGTH} bytes, or fewer if the file is shorter. */
  readonly head: Uint8Array;
  /**
   * Yields the bytes from the beginning, in chunks of at most 256 KiB. A chunk is valid until the next one is
   * requested. Only one reader may be active at a time. Throws `RejectedFile` as {@link unpackedGz} does.
   */
  read(onRead?: OnRead): AsyncGenerator<Uint8Array>;
}

/** The buffer has two halves: one is filled while the other is being processed. A small file needs a smaller buffer. */
const MAX_BUFFER_BYTES = 512 * 1024;

/** Reads the first bytes of a file. Throws `RejectedFile` as {@link unpackedGz} does. */
export async function openSource(file: RosterFile, limits = GZ_LIMITS): Promise<Source> {
  const stored = (onRead?: OnRead) => watched(file, onRead);
  const head = await firstBytes(stored(), HEAD_LENGTH);
  if (!beginsWith(head, GZ_MAGIC)) {
    if (/\.gz$/i.test(file.name)) rejectNotGz(head);
    return { head, read: stored };
  }
  const read = (onRead?: OnRead) => unpackedGz(() => stored(), file.size, limits, onRead);
  return { head: await firstBytes(read(), HEAD_LENGTH), read };
}

async function* watched(file: RosterFile, onRead?: OnRead): AsyncGenerator<Uint8Array> {
  for await (const chunk of file.read(new Uint8Array(Math.min(2 * file.size, MAX_BUFFER_BYTES)))) {
    onRead?.(chunk);
    yield chunk;
  }
}
