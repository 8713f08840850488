/**
 * Gives a file a new place without ever overwriting another: the one way in which anything gets into `bak`.
 *
 * A hard link claims the name and brings the content in one step. Where links are refused, an empty file claims the
 * name and the content is renamed over it; from another file system it is copied first. Each step may be the last one
 * before a power cut: `finishPlacing` goes on from there.
 */
import type { BigIntStats } from "node:fs";
import { dirname, join } from "node:path";
import { hasCode } from "../../runtime/errors.ts";
import { copyFile, sameContent } from "./copy.ts";
import { link, rename, unlink } from "../files/disk.ts";
import { fsyncFolders, makeFile, NO_LINK, statsOf, temporaryName } from "../files/fsync.ts";
import { swapped } from "../folders.ts";

/** Moves `source` to `target`. False when the name is taken; then nothing has happened. */
export async function moveWithoutOverwrite(source: string, target: string): Promise<boolean> {
  const meant = await targetStats(source, target);
  try {
    await link(source, target);
  } catch (error) {
    if (hasCode(error, ...NO_LINK)) return await moveWithoutLink(source, target);
    if (!hasCode(error, "EEXIST")) throw error;
    if (!await isLinked(source, target)) return false;
  }
  await fsyncFolders(dirname(target));
  await assertMoved(meant, target);
  await removeSource(source, meant.file);
  return true;
}

/**
 * Goes on with a {@link moveWithoutOverwrite} that may have been cut short at any step. False when `target` is a file that has
 * nothing to do with it. An empty `target` is taken for the claim of the name.
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

/** Whether a link was made before and only the old name is left to remove; also when its answer got lost on the way. */
async function isLinked(source: string, target: string): Promise<boolean> {
  return isSame(await statsOf(source), await statsOf(target));
}

async function moveWithoutLink(source: string, target: string): Promise<boolean> {
  const claim = await makeFile(target);
  if (!claim) return false;
  await claim.close();
  await fill(source, target);
  return true;
}

/** Puts the content in the place of the empty file that claimed the name. */
async function fill(source: string, target: string): Promise<void> {
  const meant = await targetStats(source, target);
  const claim = await statsOf(target);
  if (!claim?.isFile() || claim.size !== 0n) throw swapped(dirname(target));
  try {
    await rename(source, target);
    await fsyncFolders(dirname(target), dirname(source));
    await assertMoved(meant, target);
  } catch (error) {
    if (!hasCode(error, "EXDEV")) throw error;
    await copyOver(source, target);
    await assertMoved({ ...meant, file: null }, target);
    await removeSource(source, meant.file);
  }
}

/** Copies beside the target, on its file system, and renames when the copy is safely on disk. */
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

/** What is to be placed, and the folder that it is to come into, as they were before. */
interface TargetStats {
  readonly file: BigIntStats | null;
  readonly folder: BigIntStats | null;
}

async function targetStats(source: string, target: string): Promise<TargetStats> {
  return { file: await statsOf(source), folder: await statsOf(dirname(target)) };
}

/** Throws when somebody swapped the folder meanwhile: then the file may be elsewhere, and its source must stay. */
async function assertMoved({ file, folder }: TargetStats, target: string): Promise<void> {
  const there = await statsOf(target);
  const now = await statsOf(dirname(target));
  const placed = there?.isFile() && (file === null || isSame(file, there));
  if (!placed || !now?.isDirectory() || !isSame(folder, now)) throw swapped(dirname(target));
}

async function removeSource(source: string, file: BigIntStats | null): Promise<void> {
  if (!isSame(file, await statsOf(source))) throw swapped(dirname(dirname(source)));
  await unlink(source);
  await fsyncFolders(dirname(source));
}

function isSame(one: BigIntStats | null, other: BigIntStats | null): boolean {
  return one !== null && other !== null && one.dev === other.dev && one.ino === other.ino;
}
