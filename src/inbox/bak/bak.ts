/** Moves finished uploads and their failed records to `bak`, under the import lock (docs/upload-folder.md#bak). */
import { join } from "node:path";
import type { ClaimedUpload } from "../../importer/inbox_port.ts";
import { unlink } from "../files/disk.ts";
import { statsOf, temporaryName, writeAll, writeNew } from "../files/fsync.ts";
import { ensureFolder, type Folders } from "../folders.ts";
import { bakName, failedName, isCompressed, numberedName, plainName } from "../names.ts";
import { finishMove, moveWithoutOverwrite } from "./move_without_overwrite.ts";
import { isPacked, pack, type PackResult } from "./pack.ts";
import { pathOf, readNote, writeNote } from "../claim/claimed.ts";

/** Resolves after the system has accepted the bytes. A writer that awaits each call needs little memory. */
export type Sink = (bytes: Uint8Array) => Promise<void>;

/** Does nothing once the upload has its name in `bak`, because that name says whether it is packed. */
export async function packUpload({ work }: Folders, upload: ClaimedUpload, signal: AbortSignal): Promise<PackResult> {
  const isNamed = ((await readNote(work, upload.key))?.bak ?? null) !== null;
  return isNamed ? { reason: null, wasPacked: false, replaced: null } : await pack(pathOf(work, upload), signal);
}

/**
 * Moves the upload to `bak`. Returns the dated name of the file in `bak`, or null if another program has removed the
 * upload. After a crash at any step, even after the move, another call completes the move and returns the original
 * name.
 */
export async function moveToBak(
  { work, bak }: Folders,
  upload: ClaimedUpload,
  startedAt: Date,
): Promise<string | null> {
  const source = pathOf(work, upload);
  const note = await readNote(work, upload.key);
  const noted = note?.bak ?? null;
  if (!await statsOf(source)) return noted !== null && await statsOf(join(bak, noted)) ? noted : null;
  await ensureFolder(bak, "bak_not_a_folder");
  if (noted !== null && await finishMove(source, join(bak, noted))) return noted;
  const isPackedUnnamed = !isCompressed(upload.name) && await isPacked(source);
  const wanted = bakName(isPackedUnnamed ? `${upload.name}.gz` : upload.name, startedAt);
  return await underFreeName(bak, wanted, async (name, target) => {
    await writeNote(work, upload, { bak: name });
    return await moveWithoutOverwrite(source, target);
  });
}

/**
 * Writes the failed-records file atomically and returns its name in `bak`. After a crash at any step, another call is
 * safe: `bak` then contains the file once, under the original name.
 */
export async function keepFailed(
  { work, bak }: Folders,
  upload: ClaimedUpload,
  startedAt: Date,
  write: (sink: Sink) => Promise<void>,
): Promise<string> {
  await ensureFolder(bak, "bak_not_a_folder");
  const noted = (await readNote(work, upload.key))?.failed ?? null;
  const temporary = join(bak, temporaryName("tmp"));
  try {
    await writeNew(temporary, (file) => write((bytes) => writeAll(file, bytes)));
    if (noted !== null && await finishMove(temporary, join(bak, noted))) return noted;
    const wanted = plainName(failedName(upload.name, startedAt));
    return await underFreeName(bak, wanted, async (name, target) => {
      await writeNote(work, upload, { failed: name });
      return await moveWithoutOverwrite(temporary, target);
    });
  } catch (error) {
    if (await statsOf(temporary)) await unlink(temporary);
    throw error;
  }
}

/** Tries `x.csv`, `x-2.csv`, `x-3.csv` and so on until `claim` succeeds. */
async function underFreeName(
  bak: string,
  wanted: string,
  claim: (name: string, path: string) => Promise<boolean>,
): Promise<string> {
  for (let n = 1;; n++) {
    const name = numberedName(wanted, n);
    const path = join(bak, name);
    if (!await statsOf(path) && await claim(name, path)) return name;
  }
}
