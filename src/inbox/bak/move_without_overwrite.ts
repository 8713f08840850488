/**
 * Moves a file without ever overwriting another one. Every move to `bak` uses this module.
 *
 * A hard link creates the new name in one step and fails if the name exists. On a file system without hard links, an
 * empty file first reserves the name; the upload is then renamed over it. A file on another file system is copied
 * first. {@link finishMove} continues after a power cut at any step.
 */
import type { BigIntStats } from "node:fs";
import { dirname, join } from "node:path";
import { hasCode } from "../../runtime/errors.ts";
import { copyFile, sameContent } from "./copy.ts";
import { link, rename, unlink } from "../files/disk.ts";
import { fsyncFolders, isSameEntry, makeFile, NO_LINK, statsOf, temporaryName } from "../files/fsync.ts";
import { swapped } from "../folders.ts";

/** Returns false and leaves both files unchanged if `target` exists. */
export async function moveWithoutOverwrite(source: string, target: string): Promise<boolean> {
  const before = await statsBefore(source, target);
  try {
    await link(source, target);
  } catch (error) {
    if (hasCode(error, ...NO_LINK)) return await moveWithoutLink(source, target);
    if (!hasCode(error, "EEXIST")) throw error;
    // An earlier attempt may have created the link, even if its result was lost. In that case, only the old name needs
    // to be removed.
    if (!isSameEntry(await statsOf(source), await statsOf(target))) return false;
  }
  await fsyncFolders(dirname(target));
  await assertMoved(before, target);
  await removeSource(source, before.file);
  return true;
}

/**
 * Continues an interrupted {@link moveWithoutOverwrite}. Returns false if `target` is an unrelated file. Treats an
 * empty `target` as a name reservation.
 */
export async function finishMove(source: string, target: string): Promise<boolean> {
  if (await moveWithoutOverwrite(source, target)) return true;
  const there = await statsOf(target);
  if (!there?.isFile()) return false;
  if (there.size === 0n) await fill(source, target);
  else if (await sameContent(source, target)) await removeSource(source, await statsOf(source));
  else return false;
  return true;
}

async function moveWithoutLink(source: string, target: string): Promise<boolean> {
  const claim = await makeFile(target);
  if (!claim) return false;
  await claim.close();
  await fill(source, target);
  return true;
}

async function fill(source: string, target: string): Promise<void> {
  const before = await statsBefore(source, target);
  const claim = await statsOf(target);
  if (!claim?.isFile() || claim.size !== 0n) throw swapped(dirname(target));
  try {
    await rename(source, target);
    await fsyncFolders(dirname(target), dirname(source));
    await assertMoved(before, target);
  } catch (error) {
    if (!hasCode(error, "EXDEV")) throw error;
    await copyOver(source, target);
    await assertMoved({ ...before, file: null }, target);
    await removeSource(source, before.file);
  }
}

/** Copies the file to the target's file system and renames the copy after syncing it. */
async function copyOver(source: string, target: string): Promise<void> {
  const copy = join(dirname(target), temporaryName("tmp"));
  try {
    await copyFile(source, copy);
    await rename(copy, target);
  } catch (error) {
    if (await statsOf(copy)) await unlink(copy);
    throw error;
  }
  await fsyncFolders(dirname(target));
}

interface StatsBefore {
  readonly file: BigIntStats | null;
  readonly folder: BigIntStats | null;
}

async function statsBefore(source: string, target: string): Promise<StatsBefore> {
  return { file: await statsOf(source), folder: await statsOf(dirname(target)) };
}

/**
 * Throws if another user has replaced the target folder. In that case, the copy may be in the old folder, so the source
 * must stay.
 */
async function assertMoved({ file, folder }: StatsBefore, target: string): Promise<void> {
  const there = await statsOf(target);
  const now = await statsOf(dirname(target));
  const moved = there?.isFile() && (file === null || isSameEntry(file, there));
  if (!moved || !now?.isDirectory() || !isSameEntry(folder, now)) throw swapped(dirname(target));
}

async function removeSource(source: string, file: BigIntStats | null): Promise<void> {
  if (!isSameEntry(file, await statsOf(source))) throw swapped(dirname(dirname(source)));
  await unlink(source);
  await fsyncFolders(dirname(source));
}
