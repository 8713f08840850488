import { Buffer } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { openUnfollowed } from "../../runtime/open_unfollowed.ts";
import { chmod, utimes } from "../files/disk.ts";
import { closing, writeAll, writeNew } from "../files/fsync.ts";
import { fingerprintOf, sameFile } from "../scan/settle.ts";

const CHUNK_BYTES = 256 * 1024;

export class ChangedWhileCopied extends Error {
  override readonly name = "ChangedWhileCopied";
  readonly code = "changed_while_copied";
  constructor(path: string) {
    super(`${path} changed while it was being copied; the file stays in its folder until the next attempt`);
  }
}

/** Copies bytes, mode and times. Throws {@link ChangedWhileCopied}. After an error, the caller must remove the copy. */
export async function copyFile(source: string, copy: string): Promise<void> {
  await using from = closing(await openUnfollowed(source));
  const before = await from.handle.stat({ bigint: true });
  const mode = Number(before.mode & 0o777n);
  await writeNew(copy, async (to) => {
    for await (const chunk of chunksOf(from.handle)) await writeAll(to, chunk);
  }, mode);
  await chmod(copy, mode);
  await utimes(copy, Number(before.atimeMs) / 1_000, Number(before.mtimeMs) / 1_000);
  const same = await sameContent(source, copy) &&
    sameFile(fingerprintOf(before), fingerprintOf(await from.handle.stat({ bigint: true })));
  if (!same) throw new ChangedWhileCopied(source);
}

export async function sameContent(one: string, other: string): Promise<boolean> {
  await using first = closing(await openUnfollowed(one));
  await using second = closing(await openUnfollowed(other));
  if ((await first.handle.stat()).size !== (await second.handle.stat()).size) return false;
  const others = chunksOf(second.handle);
  for await (const chunk of chunksOf(first.handle)) {
    const { value } = await others.next();
    if (!value || Buffer.compare(chunk, value) !== 0) return false;
  }
  return true;
}

/** Yields full chunks; only the last one may be shorter. */
async function* chunksOf(handle: FileHandle): AsyncGenerator<Uint8Array> {
  for (let position = 0;;) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    let filled = 0;
    while (filled < chunk.length) {
      const { bytesRead } = await handle.read(chunk, filled, chunk.length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    if (filled > 0) yield chunk.subarray(0, filled);
    if (filled < chunk.length) return;
    position += filled;
  }
}
