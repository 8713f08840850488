/**
 * Where `--failed-file PATH` writes. It is opened before the import: nothing is imported whose failed records could not be
 * kept, and the roster itself is never written over.
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

  /** Throws {@link CommandFailed} when nothing can be written there, {@link WrongUsage} when it is the roster. */
  static async open(path: string, roster: string): Promise<FailedTarget> {
    try {
      const isNew = await isAbsent(path);
      const file = await Deno.open(path, { write: true, create: true, mode: 0o640 });
      const target = new FailedTarget(path, file, isNew);
      if (!await isSame(file, roster)) return target;
      await target[Symbol.asyncDispose]();
    } catch (error) {
      const code = codeOrThrow(error);
      throw new CommandFailed(`--failed-file ${path} cannot be written (${code}); nothing was imported`);
    }
    throw new WrongUsage("--failed-file must be another file than FILE");
  }

  /** Writes; what stood in the file before is gone from the first call on. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#isUsed && (await this.file.stat()).isFile) await this.file.truncate();
    this.#isUsed = true;
    for (let written = 0; written < bytes.length;) written += await this.file.write(bytes.subarray(written));
  }

  /** A file that was made for nothing does not stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.file.close();
    if (this.isNew && !this.#isUsed) await Deno.remove(this.path);
  }
}

async function isAbsent(path: string): Promise<boolean> {
  return await nullOn(Deno.lstat(path), "ENOENT") === null;
}

/** Whether both are one file, whatever they are called. A roster that is not there is said later. */
async function isSame(file: Deno.FsFile, roster: string): Promise<boolean> {
  const [one, other] = [await file.stat(), await Deno.stat(roster).catch(() => null)];
  return other !== null && one.ino === other.ino && one.dev === other.dev;
}
