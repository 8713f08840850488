/**
 * Gives a file a new place without ever overwriting another: the one way in which anything gets into `bak`.
 *
 * A hard link claims the name and brings the content in one step. Where links are refused, an empty file claims the
 * name and the content is renamed over it; from another file system it is copied first. Each step may be the last one
 * before a power cut: `finishPlacing` goes on from there.
 */
import { dirname, join } from "node:path";
import { copyFile, sameContent } from "./copy.ts";
import { link, rename, unlink } from "./disk.ts";
import { makeFile, momentaryName, NO_LINK, statsOf, syncFolders } from "./durable.ts";
import { hasCode } from "./error_code.ts";

/** Moves `source` to `target`. False when the name is taken; then nothing has happened. */
export async function place(source: string, target: string): Promise<boolean> {
  try {
    await link(source, target);
  } catch (error) {
    if (hasCode(error, ...NO_LINK)) return await placeWithoutLink(source, target);
    if (!hasCode(error, "EEXIST")) throw error;
    if (!await isLinked(source, target)) return false;
  }
  await syncFolders(dirname(target));
  await removeSource(source);
  return true;
}

/**
 * Goes on with a {@link place} that may have been cut short at any step. False when `target` is a file that has
 * nothing to do with it. An empty `target` is taken for the claim of the name.
 */
export async function finishPlacing(source: string, target: string): Promise<boolean> {
  if (await place(source, target)) return true;
  const there = await statsOf(target);
  if (!there?.isFile()) return false;
  if (there.size === 0n) await fill(source, target);
  else if (await sameContent(source, target)) await removeSource(source);
  else return false;
  return true;
}

/** Whether a link was made before and only the old name is left to remove; also when its answer got lost on the way. */
async function isLinked(source: string, target: string): Promise<boolean> {
  const [from, to] = [await statsOf(source), await statsOf(target)];
  return from !== null && to !== null && from.dev === to.dev && from.ino === to.ino;
}

async function placeWithoutLink(source: string, target: string): Promise<boolean> {
  const claim = await makeFile(target);
  if (!claim) return false;
  await claim.close();
  await fill(source, target);
  return true;
}

/** Puts the content in the place of the empty file that claimed the name. */
async function fill(source: string, target: string): Promise<void> {
  try {
    await rename(source, target);
    await syncFolders(dirname(target), dirname(source));
  } catch (error) {
    if (!hasCode(error, "EXDEV")) throw error;
    await copyOver(source, target);
    await removeSource(source);
  }
}

/** Copies beside the target, on its file system, and renames when the copy is safely on disk. */
async function copyOver(source: string, target: string): Promise<void> {
  const copy = join(dirname(target), momentaryName("tmp"));
  try {
    await copyFile(source, copy);
    await rename(copy, target);
  } catch (error) {
    if (await statsOf(copy)) await unlink(copy);
    throw error;
  }
  await syncFolders(dirname(target));
}

async function removeSource(source: string): Promise<void> {
  await unlink(source);
  await syncFolders(dirname(source));
}
