/**
 * Checks the upload folder for `rosterd doctor` by creating temporary entries. Creates neither `bak` nor `.rosterd`.
 */
import type { BigIntStats } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import { UnusableFolder } from "../importer/inbox_port.ts";
import { codeOf, hasCode } from "../runtime/errors.ts";
import { mkdir, rename, rmdir, unlink } from "./files/disk.ts";
import { closing, FOLDER_MODE, makeFile, statsOf, temporaryName } from "./files/fsync.ts";
import {
  createdWhenNeeded,
  type Folders,
  foldersOf,
  isRealFolder,
  moveProbe,
  notWritable,
  tryMaking,
  uploadFolder,
} from "./folders.ts";

/** If the upload folder cannot be used, the later checks are skipped. */
export async function* checkFolders(upload: string, feed = ""): AsyncGenerator<Finding> {
  const folders = foldersOf(upload, feed);
  const first = await checkUpload(folders);
  yield first;
  if (first.verdict === "bad") return;
  yield await checkWork(folders);
  const bak = await checkBak(folders);
  yield bak;
  if (bak.verdict !== "bad") yield await checkMove(folders);
}

function checkUpload(folders: Folders): Promise<Finding> {
  const { upload } = folders;
  return finding("upload_folder", async () => {
    const stats = await uploadFolder(folders);
    await readdir(upload);
    const own = await tryMaking(upload, "upload_not_writable");
    return isSwappable(stats, own)
      ? swappable(upload, stats)
      : good("upload_folder", `${upload} can be read and written`);
  });
}

function checkWork({ upload, work }: Folders): Promise<Finding> {
  return finding("work_folder", async () => {
    if (!await isRealFolder(work, "work_not_a_folder")) {
      return createdWhenNeeded("work_folder", work);
    }
    const probe = temporaryName("probe");
    try {
      await mkdir(join(upload, probe), { mode: FOLDER_MODE });
      await moveProbe(join(upload, probe), join(work, probe));
    } catch (error) {
      throw notWritable("upload_not_writable", work, error);
    }
    return good("work_folder", `${work} is a real folder, and uploads can be moved into it`);
  });
}

function checkBak({ bak }: Folders): Promise<Finding> {
  return finding("bak_folder", async () => {
    if (!await isRealFolder(bak, "bak_not_a_folder")) {
      return createdWhenNeeded("bak_folder", bak);
    }
    await tryMaking(bak, "bak_not_writable");
    return good("bak_folder", `${bak} is a real folder and can be written`);
  });
}

/** Moves a hidden file from the upload folder to `bak`, or to a temporary folder if `bak` is missing. */
async function checkMove({ upload, bak }: Folders): Promise<Finding> {
  const probe = await statsOf(bak) === null ? join(upload, temporaryName("probe")) : null;
  const from = join(upload, temporaryName("tmp")), to = join(probe ?? bak, temporaryName("tmp"));
  try {
    if (probe !== null) await mkdir(probe, { mode: FOLDER_MODE });
    const file = await makeFile(from);
    if (file !== null) await closing(file)[Symbol.asyncDispose]();
    await rename(from, to);
    return good("move_to_bak", `a file can be moved from ${upload} to ${probe === null ? bak : "a folder in it"}`);
  } catch (error) {
    if (codeOf(error) === "") throw error;
    return hasCode(error, "EXDEV") ? onAnotherFileSystem(bak) : cannotMove(bak, codeOf(error));
  } finally {
    for (const path of [from, to]) if (await statsOf(path) !== null) await unlink(path);
    if (probe !== null && await statsOf(probe) !== null) await rmdir(probe);
  }
}

function onAnotherFileSystem(bak: string): Finding {
  return warning(
    "move_to_bak",
    `${bak} is on another file system, so rosterd copies each file and verifies the copy`,
    "You do not have to change this. Moves are faster if bak is on the same file system as the upload folder.",
  );
}

function cannotMove(bak: string, code: string): Finding {
  return bad(
    "move_to_bak",
    `files cannot be moved from the upload folder to ${bak} (${code})`,
    "Give rosterd's user the right to rename and remove files in both folders.",
  );
}

/**
 * Whether a user other than rosterd and root may rename `bak` and `.rosterd`. The owner of the upload folder may rename
 * both folders. If the folder is not sticky, every user who can write to it may also do so.
 */
function isSwappable({ uid, mode }: BigIntStats, own: BigIntStats | null): boolean {
  const belongsToAnother = own !== null && uid !== own.uid && uid !== 0n;
  return belongsToAnother || ((mode & 0o022n) !== 0n && (mode & 0o1000n) === 0n);
}

function swappable(upload: string, { uid, mode }: BigIntStats): Finding {
  return warning(
    "upload_folder",
    `${upload} can be read and written, but other users may rename its entries ` +
      `(owner uid ${uid}, mode ${(mode & 0o7777n).toString(8).padStart(4, "0")})`,
    "If uploaders are not trusted, let rosterd own the folder and make it sticky (chmod +t). Then no uploader can replace bak.",
  );
}

async function finding(check: string, work: () => Promise<Finding>): Promise<Finding> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UnusableFolder)) throw error;
    return bad(check, error.what, sentence(error.fix));
  }
}

function sentence(words: string): string {
  return `${words[0].toUpperCase()}${words.slice(1)}.`;
}
