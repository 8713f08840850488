/**
 * Moves finished uploads to `bak`, and writes the failed records beside them (contract, section 1, "afterwards").
 * Nothing in `bak` is ever overwritten. Called with the import lock held.
 */
import { open, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { TakenUpload } from "../importer/ports.ts";
import { closing, FILE_MODE, momentaryName, statsOf, writeAll } from "./durable.ts";
import { ensureFolder, type Folders } from "./folders.ts";
import { bakName, numberedName, plainName } from "./names.ts";
import { finishPlacing, place } from "./place.ts";
import { pathOf, readNote, writeNote } from "./taken.ts";

/** Writes bytes; resolves when they have been handed to the system, so that a writer who waits holds no more. */
export type Sink = (bytes: Uint8Array) => Promise<void>;

/** A taken upload that stands neither in `.rosterd/` nor in `bak`: somebody removed it. */
export class UploadGone extends Error {
  override readonly name = "UploadGone";
  readonly code = "upload_gone";
  constructor(key: string) {
    super(`The taken upload ${key} is gone: somebody removed it from .rosterd/.`);
  }
}

/**
 * Moves a taken upload to `bak` under its dated name and returns that name. After a crash at any step it may be called
 * again, also when the file stands in `bak` already: it then returns the name of the first time.
 * Throws {@link UploadGone} when somebody removed the file.
 */
export async function moveToBak({ work, bak }: Folders, upload: TakenUpload, startedAt: Date): Promise<string> {
  const source = pathOf(work, upload);
  const note = await readNote(work, upload.key);
  if (!await statsOf(source)) {
    if (note && await statsOf(join(bak, note.bak))) return note.bak;
    throw new UploadGone(upload.key);
  }
  await ensureFolder(bak, "bak_not_a_folder");
  if (note && await finishPlacing(source, join(bak, note.bak))) return note.bak;
  const wanted = bakName(upload.name, startedAt);
  return await underFreeName(bak, wanted, async (name, target) => {
    await writeNote(work, upload, name);
    return await place(source, target);
  });
}

/** Writes `bak/NAME` through `write`, whole or not at all, and returns the name it got. */
export async function keepBeside({ bak }: Folders, name: string, write: (sink: Sink) => Promise<void>) {
  await ensureFolder(bak, "bak_not_a_folder");
  const temporary = join(bak, momentaryName("tmp"));
  try {
    await writeFile(temporary, write);
    return await underFreeName(bak, plainName(name), (_, target) => place(temporary, target));
  } catch (error) {
    if (await statsOf(temporary)) await unlink(temporary);
    throw error;
  }
}

async function writeFile(path: string, write: (sink: Sink) => Promise<void>): Promise<void> {
  await using file = closing(await open(path, "wx", FILE_MODE));
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
