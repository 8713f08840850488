/**
 * What `rosterd doctor` asks of the upload folder: everything is tried for real, with entries of its own that are gone
 * again afterwards. Neither `bak` nor `.rosterd` is made.
 */
import type { BigIntStats } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import { UnusableFolder } from "../importer/ports.ts";
import { codeOf, hasCode } from "../runtime/errors.ts";
import { mkdir, rename, rmdir, unlink } from "./files/disk.ts";
import { closing, FOLDER_MODE, makeFile, statsOf, temporaryName } from "./files/fsync.ts";
import { type Folders, foldersOf, isRealFolder, moveProbe, notWritable, tryMaking, uploadFolder } from "./folders.ts";

/** One after the other; nothing more is asked of an upload folder that cannot be used. */
export async function* checkFolders(upload: string): AsyncGenerator<Finding> {
  const folders = foldersOf(upload);
  const first = await examineUpload(folders);
  yield first;
  if (first.verdict === "bad") return;
  yield await examineWork(folders);
  const bak = await examineBak(folders);
  yield bak;
  if (bak.verdict !== "bad") yield await examineMove(folders);
}

/** It exists, can be listed, and something can be made and removed in it. */
function examineUpload({ upload }: Folders): Promise<Finding> {
  return trying("upload_folder", async () => {
    const stats = await uploadFolder(upload);
    await readdir(upload);
    const own = await tryMaking(upload, "upload_not_writable");
    return mayBeSwapped(stats, own)
      ? swappable(upload, stats)
      : good("upload_folder", `${upload} can be read and written`);
  });
}

/** Taken uploads stand there; an upload must get there by one rename. */
function examineWork({ upload, work }: Folders): Promise<Finding> {
  return trying("work_folder", async () => {
    if (!await isRealFolder(work, "work_not_a_folder")) return good("work_folder", `${work} is made when it is needed`);
    const probe = temporaryName("probe");
    try {
      await mkdir(join(upload, probe), { mode: FOLDER_MODE });
      await moveProbe(join(upload, probe), join(work, probe));
    } catch (error) {
      throw notWritable("upload_not_writable", work, error);
    }
    return good("work_folder", `${work} is a folder of its own, and uploads can be taken into it`);
  });
}

function examineBak({ bak }: Folders): Promise<Finding> {
  return trying("bak_folder", async () => {
    if (!await isRealFolder(bak, "bak_not_a_folder")) return good("bak_folder", `${bak} is made when it is needed`);
    await tryMaking(bak, "bak_not_writable");
    return good("bak_folder", `${bak} is a folder of its own, and can be written`);
  });
}

/** Renames a hidden file of its own from the upload folder to `bak`, or where there is none yet, to a passing folder. */
async function examineMove({ upload, bak }: Folders): Promise<Finding> {
  const probe = await statsOf(bak) === null ? join(upload, temporaryName("probe")) : null;
  const from = join(upload, temporaryName("tmp")), to = join(probe ?? bak, temporaryName("tmp"));
  try {
    if (probe !== null) await mkdir(probe, { mode: FOLDER_MODE });
    const file = await makeFile(from);
    if (file !== null) await closing(file)[Symbol.asyncDispose]();
    await rename(from, to);
    return good("move_to_bak", `a file was renamed from ${upload} to ${probe === null ? bak : "a folder in it"}`);
  } catch (error) {
    if (codeOf(error) === "") throw error;
    return hasCode(error, "EXDEV") ? elsewhere(bak) : cannotMove(bak, codeOf(error));
  } finally {
    for (const path of [from, to]) if (await statsOf(path) !== null) await unlink(path);
    if (probe !== null && await statsOf(probe) !== null) await rmdir(probe);
  }
}

function elsewhere(bak: string): Finding {
  return warning(
    "move_to_bak",
    `${bak} is on another file system: each file is copied there, and compared`,
    "Nothing has to be done; rosters are moved faster with bak on the file system of the upload folder.",
  );
}

function cannotMove(bak: string, code: string): Finding {
  return bad(
    "move_to_bak",
    `no file can be renamed from the upload folder to ${bak} (${code})`,
    "Give the user of rosterd the right to rename and remove files in both folders.",
  );
}

/** Whether somebody other than rosterd and root may rename `bak` and `.rosterd`: the owner, or anybody unless it is sticky. */
function mayBeSwapped({ uid, mode }: BigIntStats, own: BigIntStats | null): boolean {
  const belongsToAnother = own !== null && uid !== own.uid && uid !== 0n;
  return belongsToAnother || ((mode & 0o022n) !== 0n && (mode & 0o1000n) === 0n);
}

function swappable(upload: string, { uid, mode }: BigIntStats): Finding {
  return warning(
    "upload_folder",
    `${upload} can be read and written, but others may rename what is in it ` +
      `(owner uid ${uid}, mode ${(mode & 0o7777n).toString(8).padStart(4, "0")})`,
    "Where uploaders are not trusted, make it rosterd's own and sticky (chmod +t): then nobody can swap bak or .rosterd.",
  );
}

async function trying(check: string, work: () => Promise<Finding>): Promise<Finding> {
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
