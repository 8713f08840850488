/**
 * The uploads that rosterd has taken: each stands alone in a folder `UPLOAD/.rosterd/KEY/` until its import is over.
 *
 * Beside it may stand a note that says under which names it and its failed records go to `bak`. A name is noted before
 * anything gets it, and the note outlasts the move, so that a restart in between goes on under the same name. Reads and
 * writes nothing but these folders.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { ClaimedUpload } from "../../importer/ports.ts";
import { nullOn } from "../../runtime/errors.ts";
import { jsonOrNull } from "../../runtime/json.ts";
import { create, rename, rmdir, unlink } from "../files/disk.ts";
import { closing, FILE_MODE, fsyncFolders, isTemporary, statsOf, temporaryName, writeAll } from "../files/fsync.ts";
import { isPlainName, plainName } from "../names.ts";
import { ageAndSize, type Fingerprint, fingerprintOf } from "../scan/settle.ts";

/** Where the note stands; no upload bears such a name, since names that begin with a dot are left alone. */
const NOTE = ".bak-name";

const NAME_SCHEMA = z.string().refine(isPlainName).nullable().default(null);

/** The name of a folder `.rosterd/KEY/`: when it was made, and a number by chance (`claim.ts`). */
const KEY = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;

/** The note: the upload as it was, and the names in `bak` that were chosen so far, for itself and for its failed records. */
const NOTE_SCHEMA = z.object({
  upload: z.object({ name: z.string(), mtime: z.number(), size: z.number() }),
  bak: NAME_SCHEMA,
  failed: NAME_SCHEMA,
});
type BakNote = z.infer<typeof NOTE_SCHEMA>;

/** What stands in `.rosterd/KEY/`. */
export type ClaimedEntry =
  | { readonly kind: "file"; readonly upload: ClaimedUpload; readonly print: Fingerprint }
  | { readonly kind: "moved"; readonly upload: ClaimedUpload }
  | { readonly kind: "stray"; readonly key: string };

export function folderOf(work: string, key: string): string {
  return join(work, plainName(key));
}

/** Where a taken upload stands. */
export function pathOf(work: string, { key, name }: Pick<ClaimedUpload, "key" | "name">): string {
  return join(folderOf(work, key), plainName(name));
}

/** Everything in `.rosterd/`, in no order. Links, files and empty folders are passed over. */
export async function listClaimed(work: string): Promise<ClaimedEntry[]> {
  const entries: ClaimedEntry[] = [];
  for (const key of await nullOn(readdir(work), "ENOENT") ?? []) {
    const entry = isTemporary(key, "probe") ? null : await takenEntry(work, key);
    if (entry) entries.push(entry);
  }
  return entries;
}

async function takenEntry(work: string, key: string): Promise<ClaimedEntry | null> {
  if (!(await statsOf(join(work, key)))?.isDirectory()) return null;
  const names = await nullOn(readdir(join(work, key)), "ENOENT") ?? [];
  // What rosterd did not make is not looked into any further: it may be a folder of somebody else.
  if (!KEY.test(key)) return names.length === 0 ? null : { kind: "stray", key };
  const files = names.filter(isUploadEntry);
  if (files.length === 0) return await movedEntry(work, key, names);
  const stats = files.length === 1 ? await statsOf(join(work, key, files[0])) : null;
  if (!stats?.isFile()) return { kind: "stray", key };
  const print = fingerprintOf(stats);
  return { kind: "file", upload: { key, name: files[0], ...ageAndSize(print) }, print };
}

async function movedEntry(work: string, key: string, names: readonly string[]): Promise<ClaimedEntry | null> {
  if (!names.includes(NOTE)) return null;
  const note = await readNote(work, key);
  return note && note.bak !== null ? { kind: "moved", upload: { key, ...note.upload } } : { kind: "stray", key };
}

/** Not one of rosterd's own entries beside an upload. */
function isUploadEntry(name: string): boolean {
  return name !== NOTE && !isTemporary(name, "tmp");
}

/** Whether nothing stands in `.rosterd/KEY/` any more but what rosterd itself put there. */
export async function isEmptied(work: string, key: string): Promise<boolean> {
  return !(await nullOn(readdir(folderOf(work, key)), "ENOENT") ?? []).some(isUploadEntry);
}

/** The note of a taken upload; null when there is none that can be understood. */
export async function readNote(work: string, key: string): Promise<BakNote | null> {
  const text = await nullOn(readFile(join(folderOf(work, key), NOTE), "utf8"), "ENOENT");
  const note = NOTE_SCHEMA.safeParse(jsonOrNull(text ?? ""));
  return note.success ? note.data : null;
}

/** Adds a chosen name to the note, whole or not at all. */
export async function writeNote(
  work: string,
  upload: ClaimedUpload,
  chosen: Partial<Pick<BakNote, "bak" | "failed">>,
): Promise<void> {
  const folder = folderOf(work, upload.key);
  const { name, mtime, size } = upload;
  const { bak = null, failed = null } = await readNote(work, upload.key) ?? {};
  const note: BakNote = { upload: { name, mtime, size }, bak, failed, ...chosen };
  const temporary = join(folder, temporaryName("tmp"));
  {
    await using file = closing(await create(temporary, FILE_MODE));
    await writeAll(file.handle, new TextEncoder().encode(JSON.stringify(note)));
    await file.handle.sync();
  }
  await rename(temporary, join(folder, NOTE));
  await fsyncFolders(folder);
}

/** Removes what is left of a taken upload that has gone. Throws ENOTEMPTY while its file is still there. */
export async function removeClaimed(work: string, key: string): Promise<void> {
  const folder = folderOf(work, key);
  const names = await nullOn(readdir(folder), "ENOENT") ?? [];
  if (!names.some(isUploadEntry)) {
    for (const name of names) await nullOn(unlink(join(folder, name)), "ENOENT");
  }
  await nullOn(rmdir(folder), "ENOENT");
}
