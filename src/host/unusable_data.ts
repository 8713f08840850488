/** What goes wrong in the data folder, in words for whoever started a command there: its own user, or somebody else. */
import { codeOrThrow } from "../runtime/errors.ts";

/** The data folder cannot be used. The message says why and what mends it. */
export class UnusableData extends Error {
  override readonly name = "UnusableData";
  /** It is named or owned wrongly, as opposed to a disk that is full or broken. */
  readonly isMisconfigured: boolean;

  constructor(folder: string, code: string, cause: unknown) {
    const mend = WRONG[code];
    super(`the data folder ${folder} cannot be used (${code}): ${mend ?? "look after its disk"}`, { cause });
    this.isMisconfigured = mend !== undefined;
  }
}

const ANOTHER_USER = "run this as the user of rosterd, who must be able to write there, or name another with --data";
const ANOTHER_FOLDER = "name another with --data";
const WRONG: Readonly<Record<string, string>> = {
  EACCES: ANOTHER_USER,
  EPERM: ANOTHER_USER,
  EROFS: "its file system is read-only; mount it writable, or name another with --data",
  ENOENT: ANOTHER_FOLDER,
  ENOTDIR: ANOTHER_FOLDER,
  EEXIST: ANOTHER_FOLDER,
  EISDIR: ANOTHER_FOLDER,
  ELOOP: ANOTHER_FOLDER,
};

/** Works on files in the data folder. Throws {@link UnusableData} for an error of the file system. */
export async function inData<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnusableData) throw error;
    throw new UnusableData(folder, codeOrThrow(error), error);
  }
}
