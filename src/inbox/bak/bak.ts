/**
 * Moves finished uploads to `bak`, and writes the failed records beside them (contract, section 1, "afterwards").
 * Nothing in `bak` is ever overwritten. Called with the import lock held.
 */
import { join } from "node:path";
import type { ClaimedUpload } from "../../importer/ports.ts";
import { create, unlink } from "../files/disk.ts";
import { closing, FILE_MODE, statsOf, temporaryName, writeAll } from "../files/fsync.ts";
import { ensureFolder, type Folders } from "../folders.ts";
import { bakName, failedName, numberedName, plainName } from "../names.ts";
import { finishMove, moveWithoutOverwrite } from "./move_without_overwrite.ts";
import { pathOf, readNote, writeNote } from "../claim/claimed.ts";

/** Writes bytes; resolves when they have been handed to the system, so that a writer who waits holds no more. */
export type Sink = (bytes: Uint8Array) => Promise<void>;

/**
 * Moves a taken upload to `bak` under its dated name and returns that name. After a crash at any step it may be called
 * again, also when the file stands in `bak` already: it then returns the name of the first time.
 * Null when it stands in neither: somebody removed it.
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
  const wanted = bakName(upload.name, startedAt);
  return await underFreeName(bak, wanted, async (name, target) => {
    await writeNote(work, upload, { bak: name });
    return await moveWithoutOverwrite(source, target);
  });
}

/**
 * Writes the failed records of a taken upload to `bak` through `write`, whole or not at all, and returns the name they got.
 * May be called again after a crash at any step: they stand there once, under the name of the first time.
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
    await writeFile(temporary, write);
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

async function writeFile(path: string, write: (sink: Sink) => Promise<void>): Promise<void> {
  await using file = closing(await create(path, FILE_MODE));
  await write((bytes) => writeAll(file.handle, bytes));
  await file.handle.sync();
}

/** Tries `x.csv`, `x-2.csv`, `x-3.csv` … until `claim` gets one, and returns it. */
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
