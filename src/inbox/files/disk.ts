/**
 * The one narrow place through which the upload folder is changed: nothing else in `src/inbox/` makes, fills, moves or removes
 * anything there (`tests/inbox/disk_test.ts`). So a test can end the process before and after each of these calls, by putting
 * another module in the place of this one (`tests/faults/steps.ts`).
 */
import { type FileHandle, open } from "node:fs/promises";

export { chmod, link, mkdir, rename, rmdir, unlink, utimes } from "node:fs/promises";

/** Makes a file that did not exist, open for writing. Fails with EEXIST where the name is taken. */
export function create(path: string, mode: number): Promise<FileHandle> {
  return open(path, "wx", mode);
}
