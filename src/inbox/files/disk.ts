/**
 * Makes every change of the upload folder (`tests/inbox/disk_test.ts` checks that). Tests replace this module to kill
 * the process before and after each call (`tests/faults/steps.ts`).
 */
import { type FileHandle, open } from "node:fs/promises";

export { chmod, link, mkdir, rename, rmdir, unlink, utimes } from "node:fs/promises";

/** Opens a new file for writing. Throws EEXIST when the name exists. */
export function create(path: string, mode: number): Promise<FileHandle> {
  return open(path, "wx", mode);
}
