/**
 * Receives an upload over HTTP (docs/http.md#upload). Such an upload does not need to settle, so the complete file
 * appears as a claimed upload in a single step.
 */
import { join } from "node:path";
import { rename } from "../files/disk.ts";
import { fsyncFolders, makeFolder, removeFiles, statsOf, temporaryName, writeAll, writeNew } from "../files/fsync.ts";
import { ensureFolder, type Folders } from "../folders.ts";
import { plainName } from "../names.ts";
import { fingerprintOf, mtimeAndSize } from "../scan/settle.ts";
import { newKey } from "./claim.ts";
import { folderOf, writeNote } from "./claimed.ts";

export interface ReceivedUpload {
  name: string;
  /** The client that uploads the file. */
  by: string;
  bytes: AsyncIterable<Uint8Array>;
}

/**
 * Returns the key of the upload. If `bytes` throws, the incomplete upload is removed. While the upload is arriving,
 * `receiving` contains the name of its folder.
 */
export async function receiveUpload(
  { work }: Folders,
  receiving: Set<string>,
  { name, by, bytes }: ReceivedUpload,
  now: Date,
): Promise<string> {
  await ensureFolder(work, "work_not_a_folder");
  const incoming = temporaryName("incoming"), folder = join(work, incoming);
  receiving.add(incoming);
  try {
    await makeFolder(folder);
    const path = join(folder, plainName(name));
    await writeNew(path, async (file) => {
      for await (const chunk of bytes) await writeAll(file, chunk);
    });
    const stats = await statsOf(path);
    await writeNote(work, { key: incoming, name, ...mtimeAndSize(fingerprintOf(stats!)), by });
    const key = newKey(now);
    await rename(folder, folderOf(work, key));
    await fsyncFolders(work);
    return key;
  } catch (error) {
    await removeFiles(folder);
    throw error;
  } finally {
    receiving.delete(incoming);
  }
}
