/**
 * The bytes of a roster as they were before gzip: the first step of every reading of a file.
 *
 * Content decides, not the name, and only once. From then on the bytes can be read any number of times. It knows nothing of text.
 */
import { beginsWith, firstBytes, HEAD_LENGTH } from "./sniff_head.ts";
import { GZ_LIMITS, GZ_MAGIC, rejectNotGz, unpackedGz } from "./gunzip.ts";
import type { RosterFile } from "../ports.ts";

/** Sees every chunk as it stands on disk, before it is unpacked. */
export type OnRead = (chunk: Uint8Array) => void;

export interface Source {
  /** The first {@link HEAD_LENGTH} bytes; fewer only when there are no more. */
  readonly head: Uint8Array;
  /**
   * The bytes from the beginning, in chunks of at most 256 KiB, each valid until the next one is asked for. One reader at a time.
   * Throws `RejectedFile` as {@link unpackedGz} does.
   */
  read(onRead?: OnRead): AsyncGenerator<Uint8Array>;
}

/** In two halves: one is read while the other is worked on. */
const ROOM = 512 * 1024;

/** Looks at the first bytes of a file. Throws `RejectedFile`: the codes of {@link unpackedGz}. */
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
  for await (const chunk of file.read(new Uint8Array(ROOM))) {
    onRead?.(chunk);
    yield chunk;
  }
}
