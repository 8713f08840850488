/** Opens a FILE operand and closes it after use. */
import { basename } from "node:path";
import type { RosterFile } from "../importer/inbox_port.ts";
import { openRosterFile } from "../inbox/files/open.ts";
import { codeOf, isErrno } from "../runtime/errors.ts";

const OPEN_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "the file does not exist",
  EACCES: "you do not have permission to read the file",
  EPERM: "you do not have permission to read the file",
  EISDIR: "it is a folder",
  ENOTDIR: "part of its path is not a folder",
  ELOOP: "the symbolic links in its path form a loop",
  ENAMETOOLONG: "its name is too long",
  not_a_plain_file: "it is not a regular file",
};

/** Runs `work` on the file at `path`. If the file cannot be opened, returns the result of `unopened`. */
export async function openOperand<T>(
  path: string,
  work: (file: RosterFile) => Promise<T>,
  unopened: (file: string, error: unknown) => T,
): Promise<T> {
  const name = basename(path);
  let file: RosterFile;
  try {
    // Operands may be symbolic links.
    file = await openRosterFile(await Deno.realPath(path), name);
  } catch (error) {
    const code = codeOf(error);
    if (!isErrno(error) && code !== "not_a_plain_file") throw error;
    const why = OPEN_ERRORS[code] ?? `it cannot be opened (${code})`;
    return unopened(name, Object.assign(new Error(why), { code: code.toLowerCase() }));
  }
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
