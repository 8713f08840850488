/**
 * Manages claimed uploads. Each upload has its own folder `UPLOAD/.rosterd/KEY/` until its import is finished.
 *
 * A note in that folder stores the names that the upload and the failed-records file will have in `bak`. The note is
 * written before the move and removed after the move, so that a restart in between does not change the names.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { ClaimedUpload } from "../../importer/inbox_port.ts";
import { nullOn } from "../../runtime/errors.ts";
import { jsonOrNull } from "../../runtime/json.ts";
import { rename, rmdir, unlink } from "../files/disk.ts";
import { fsyncFolders, isTemporary, makeFolder, statsOf, temporaryName, writeAll, writeNew } from "../files/fsync.ts";
import { ensureFolder } from "../folders.ts";
import { isPlainName, plainName } from "../names.ts";
import { type Fingerprint, fingerprintOf, mtimeAndSize } from "../scan/settle.ts";

/** The name of the note. No upload has this name, because upload names never begin with a dot. */
const NOTE = ".bak-name";

const NAME_SCHEMA = z.string().refine(isPlainName).nullable().default(null);

/** A key consists of the time of the claim and a random number (`claim.ts`). */
const KEY = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;

/** `bak` and `failed` are the names chosen so far. `by` is the client that uploaded the file over HTTP. */
const NOTE_SCHEMA = z.object({
  upload: z.object({ name: z.string(), mtime: z.number(), size: z.number() }),
  by: z.string().nullable().default(null),
  bak: NAME_SCHEMA,
  failed: NAME_SCHEMA,
});
type BakNote = z.infer<typeof NOTE_SCHEMA>;

export type ClaimedEntry =
  | { readonly kind: "file"; readonly upload: ClaimedUpload; readonly fingerprint: Fingerprint }
  | { readonly kind: "moved"; readonly upload: ClaimedUpload }
  | { readonly kind: "stray"; readonly key: string };

export function folderOf(work: string, key: string): string {
  return join(work, plainName(key));
}

export function pathOf(work: string, { key, name }: Pick<ClaimedUpload, "key" | "name">): string {
  return join(folderOf(work, key), plainName(name));
}

/** Lists `.rosterd/` in no particular order. Skips links, files and empty folders. */
export async function listClaimed(work: string): Promise<ClaimedEntry[]> {
  const entries: ClaimedEntry[] = [];
  for (const key of await nullOn(readdir(work), "ENOENT") ?? []) {
    const isOurs = isTemporary(key, "probe") || isTemporary(key, "incoming");
    if (isOurs) continue;
    let entry = await claimedEntry(work, key);
    // The last steps of another upload may have changed its folder in between (`upload_steps.ts`).
    if (entry?.kind === "stray") entry = await claimedEntry(work, key);
    if (entry !== null) entries.push(entry);
  }
  return entries;
}

async function claimedEntry(work: string, key: string): Promise<ClaimedEntry | null> {
  if (!(await statsOf(join(work, key)))?.isDirectory()) return null;
  const names = await nullOn(readdir(join(work, key)), "ENOENT") ?? [];
  // A folder whose name is not a key belongs to another program.
  if (!KEY.test(key)) return names.length === 0 ? null : { kind: "stray", key };
  const files = names.filter(isUploadEntry);
  if (files.length === 0) return await movedEntry(work, key, names);
  const stats = files.length === 1 ? await statsOf(join(work, key, files[0])) : null;
  if (!stats?.isFile()) return { kind: "stray", key };
  const fingerprint = fingerprintOf(stats), by = (await readNote(work, key))?.by ?? null;
  return { kind: "file", upload: { key, name: files[0], ...mtimeAndSize(fingerprint), by }, fingerprint };
}

async function movedEntry(work: string, key: string, names: readonly string[]): Promise<ClaimedEntry | null> {
  if (!names.includes(NOTE)) return null;
  const note = await readNote(work, key);
  return note && note.bak !== null
    ? { kind: "moved", upload: { key, ...note.upload, by: note.by } }
    : { kind: "stray", key };
}

function isUploadEntry(name: string): boolean {
  return name !== NOTE && !isTemporary(name, "tmp");
}

/** Whether the upload itself has left `.rosterd/KEY/`. */
export async function isEmptied(work: string, key: string): Promise<boolean> {
  return !(await nullOn(readdir(folderOf(work, key)), "ENOENT") ?? []).some(isUploadEntry);
}

/** Returns null if the note is missing or invalid. */
export async function readNote(work: string, key: string): Promise<BakNote | null> {
  const text = await nullOn(readFile(join(folderOf(work, key), NOTE), "utf8"), "ENOENT");
  const note = NOTE_SCHEMA.safeParse(jsonOrNull(text ?? ""));
  return note.success ? note.data : null;
}

export async function writeNote(
  work: string,
  upload: ClaimedUpload,
  chosen: Partial<Pick<BakNote, "bak" | "failed">> = {},
): Promise<void> {
  const folder = folderOf(work, upload.key);
  const { name, mtime, size, by } = upload;
  const { bak = null, failed = null } = await readNote(work, upload.key) ?? {};
  const note: BakNote = { upload: { name, mtime, size }, by, bak, failed, ...chosen };
  const temporary = join(folder, temporaryName("tmp"));
  await writeNew(temporary, (file) => writeAll(file, new TextEncoder().encode(JSON.stringify(note))));
  await rename(temporary, join(folder, NOTE));
  await fsyncFolders(folder);
}

/** Creates the folder of an upload that is already in `bak`. */
export async function adoptMoved(
  work: string,
  upload: ClaimedUpload,
  names: Pick<BakNote, "bak"> & Partial<Pick<BakNote, "failed">>,
): Promise<void> {
  await ensureFolder(work, "work_not_a_folder");
  await makeFolder(folderOf(work, upload.key));
  await writeNote(work, upload, names);
}

/**
 * Removes the note and the folder of an upload that has been moved. Throws ENOTEMPTY if the upload is still in the
 * folder.
 */
export async function removeClaimed(work: string, key: string): Promise<void> {
  const folder = folderOf(work, key);
  const names = await nullOn(readdir(folder), "ENOENT") ?? [];
  if (!names.some(isUploadEntry)) {
    for (const name of names) await nullOn(unlink(join(folder, name)), "ENOENT");
  }
  await nullOn(rmdir(folder), "ENOENT");
}
