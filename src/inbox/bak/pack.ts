/**
 * Packs a claimed upload before it moves to `bak` (docs/upload-folder.md#packed). The packed file is written beside the
 * upload, compared with it, and renamed over it. As a result, a complete file exists under the upload's name at any
 * moment.
 */
import { Buffer } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { RejectedFile } from "../../domain/outcome.ts";
import { GZ_MAGIC } from "../../importer/source/gunzip.ts";
import { beginsWith, firstBytes } from "../../importer/source/sniff_head.ts";
import { openSource } from "../../importer/source/source.ts";
import { codeOf, isErrno, nullOn } from "../../runtime/errors.ts";
import { chmod, chown, rename, unlink, utimes } from "../files/disk.ts";
import { fsyncFolders, statsOf, temporaryName, writeAll, writeNew } from "../files/fsync.ts";
import { isNoPlainFile, type OpenRosterFile, openRosterFile } from "../files/open.ts";

/** Packing smaller files would save little space. */
export const MIN_PACKED_BYTES = 1024 ** 2;

/** At this level, rosters become about as small as at the default level, in a third of the time. */
const LEVEL = 3;

export interface PackResult {
  /**
   * Why the upload was left unchanged: a system error code, `changed`, or `not_readable` if an import would refuse the
   * packed file. This is null if the upload is packed or need not be.
   */
  readonly reason: string | null;
  readonly wasPacked: boolean;
  /** The replaced upload, which is kept open because a slow writer may still have it open, too. */
  readonly replaced: OpenRosterFile | null;
}

/** After an error, or if `signal` is aborted, the upload is unchanged. */
export async function pack(path: string, signal: AbortSignal): Promise<PackResult> {
  const file = await openPlain(path);
  let replaced: OpenRosterFile | null = null, reason: string | null = null, wasPacked = false;
  try {
    if (file !== null && file.size > MIN_PACKED_BYTES && !await isGzipped(file)) {
      reason = await packOpen(file, path, signal);
      wasPacked = reason === null;
      // A network file system keeps the name of an open file, which would prevent its folder from being removed.
      if (wasPacked && (await file.stats()).nlink === 0n) replaced = file;
    }
    return { reason, wasPacked, replaced };
  } finally {
    if (replaced === null) await file?.close();
  }
}

/** Whether the file at `path` is gzipped, regardless of its name. */
export async function isPacked(path: string): Promise<boolean> {
  await using file = await openPlain(path);
  return file !== null && await isGzipped(file);
}

async function isGzipped(file: OpenRosterFile): Promise<boolean> {
  return beginsWith(await firstBytes(file.read(new Uint8Array(2 * GZ_MAGIC.length)), GZ_MAGIC.length), GZ_MAGIC);
}

async function openPlain(path: string): Promise<OpenRosterFile | null> {
  try {
    return await openRosterFile(path, path);
  } catch (error) {
    if (isNoPlainFile(error)) return null;
    throw error;
  }
}

async function packOpen(file: OpenRosterFile, path: string, signal: AbortSignal): Promise<string | null> {
  const temporary = join(dirname(path), temporaryName("tmp"));
  try {
    const stats = await file.stats();
    await writeNew(temporary, (target) => gzip(file, (bytes) => writeAll(target, bytes), signal));
    await keepRights(temporary, stats);
    const reason = await whyNotInstead(temporary, file, signal);
    if (reason !== null) {
      await unlink(temporary);
      return reason;
    }
    await rename(temporary, path);
    await fsyncFolders(dirname(path));
    return null;
  } catch (error) {
    if (await statsOf(temporary)) await unlink(temporary);
    if (!isErrno(error)) throw error;
    return codeOf(error);
  }
}

async function gzip(file: OpenRosterFile, write: (bytes: Uint8Array) => Promise<void>, signal: AbortSignal) {
  // Each chunk has its own buffer, because the stream reads ahead.
  await pipeline(
    Readable.from(file.read()),
    createGzip({ level: LEVEL }),
    async (packed: AsyncIterable<Uint8Array>) => {
      for await (const bytes of packed) await write(bytes);
    },
    { signal },
  );
}

/** Gives the packed file the upload's group, mode and times, and also its owner if rosterd may change the owner. */
async function keepRights(path: string, { uid, gid, mode, atimeMs, mtimeMs }: BigIntStats): Promise<void> {
  const own = Number((await statsOf(path))!.uid);
  for (const owner of [own, Number(uid)]) await nullOn(chown(path, owner, Number(gid)), "EPERM");
  await chmod(path, Number(mode & 0o777n));
  await utimes(path, Number(atimeMs) / 1_000, Number(mtimeMs) / 1_000);
}

/**
 * Reads the packed file as an import would, and compares it with the upload. The result is null if the packed file can
 * replace the upload.
 */
async function whyNotInstead(packed: string, file: OpenRosterFile, signal: AbortSignal): Promise<string | null> {
  const again = await openRosterFile(packed, packed);
  try {
    const source = await openSource(again);
    if (!await haveSameBytes(file.read(), source.read(), signal)) return "changed";
  } catch (error) {
    if (error instanceof RejectedFile) return "not_readable";
    throw error;
  } finally {
    await again.close();
  }
  return await file.changed() ? "changed" : null;
}

/** The chunks of the two files may differ in length. */
async function haveSameBytes(
  one: AsyncGenerator<Uint8Array>,
  other: AsyncGenerator<Uint8Array>,
  signal: AbortSignal,
): Promise<boolean> {
  let left: Uint8Array = new Uint8Array();
  try {
    for await (let right of other) {
      signal.throwIfAborted();
      while (right.length > 0) {
        if (left.length === 0) left = (await one.next()).value ?? left;
        const length = Math.min(left.length, right.length);
        if (length === 0 || Buffer.compare(left.subarray(0, length), right.subarray(0, length)) !== 0) return false;
        left = left.subarray(length);
        right = right.subarray(length);
      }
    }
    return left.length === 0 && (await one.next()).done === true;
  } finally {
    await one.return(undefined);
  }
}
