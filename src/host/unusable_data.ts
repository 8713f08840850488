import { codeOrThrow } from "../runtime/errors.ts";

/** Thrown if the data folder cannot be used. The message gives the cause and the fix. */
export class UnusableData extends Error {
  override readonly name = "UnusableData";
  /** True if the folder's name or owner is wrong; false if its disk has a problem. */
  readonly isMisconfigured: boolean;

  constructor(folder: string, code: string, cause: unknown) {
    const fix = FIXES[code];
    super(`cannot use the data folder ${folder} (${code}): ${fix ?? "check its disk"}`, { cause });
    this.isMisconfigured = fix !== undefined;
  }
}

const ANOTHER_USER =
  "run this as rosterd's user, which must be able to write to it, or choose another folder with --data";
const ANOTHER_FOLDER = "choose another folder with --data";
const FIXES: Readonly<Record<string, string>> = {
  EACCES: ANOTHER_USER,
  EPERM: ANOTHER_USER,
  EROFS: "its file system is read-only; remount it read-write, or choose another folder with --data",
  ENOENT: ANOTHER_FOLDER,
  ENOTDIR: ANOTHER_FOLDER,
  EEXIST: ANOTHER_FOLDER,
  EISDIR: ANOTHER_FOLDER,
  ELOOP: ANOTHER_FOLDER,
};

export async function inData<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnusableData) throw error;
    throw new UnusableData(folder, codeOrThrow(error), error);
  }
}
