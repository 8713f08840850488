/**
 * All changes to the upload folder go through this module (`tests/inbox/disk_test.ts` checks that). Tests replace it to
 * kill the process before and after each call (`tests/faults/steps.ts`).
 */
import { type FileHandle, open } from "node:fs/promises";

export { chmod, chown, link, mkdir, rename, rmdir, unlink, utimes } from "node:fs/promises";

/** Creates a file for writing. Throws EEXIST if the name exists. */
export function create(path: string, mode: number): Promise<FileHandle> {
  return open(path, "wx", mode);
}
