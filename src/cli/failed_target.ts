/**
 * The file named by `--failed-file PATH`, opened before anything is imported. The file must not be the roster itself.
 */
import { codeOrThrow, nullOn } from "../runtime/errors.ts";
import { CommandFailed, WrongUsage } from "./command.ts";

export class FailedTarget implements AsyncDisposable {
  #isUsed = false;

  private constructor(
    private readonly path: string,
    private readonly file: Deno.FsFile,
    private readonly isNew: boolean,
  ) {}

  /** Throws {@link CommandFailed} if the file cannot be written, and {@link WrongUsage} if it is the roster. */
  static async open(path: string, roster: string): Promise<FailedTarget> {
    try {
      const isNew = await isAbsent(path);
      const file = await Deno.open(path, { write: true, create: true, mode: 0o640 });
      const target = new FailedTarget(path, file, isNew);
      if (!await isSame(file, roster)) return target;
      await target[Symbol.asyncDispose]();
    } catch (error) {
      const code = codeOrThrow(error);
      throw new CommandFailed(`cannot write --failed-file ${path} (${code}); nothing was imported`);
    }
    throw new WrongUsage("--failed-file must name a file other than FILE");
  }

  /** The first call also discards the old content of the file. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#isUsed && (await this.file.stat()).isFile) await this.file.truncate();
    this.#isUsed = true;
    for (let written = 0; written < bytes.length;) written += await this.file.write(bytes.subarray(written));
  }

  /** Removes a newly created file if it is still empty. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.file.close();
    if (this.isNew && !this.#isUsed) await Deno.remove(this.path);
  }
}

async function isAbsent(path: string): Promise<boolean> {
  return await nullOn(Deno.lstat(path), "ENOENT") === null;
}

/** Inodes are compared, because a file can have several names. If the roster is missing, the import reports that. */
async function isSame(file: Deno.FsFile, roster: string): Promise<boolean> {
  const [one, other] = [await file.stat(), await Deno.stat(roster).catch(() => null)];
  return other !== null && one.ino === other.ino && one.dev === other.dev;
}
