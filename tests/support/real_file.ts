import type { RosterFile } from "../../src/importer/inbox_port.ts";
import { fileOf } from "./memory_file.ts";

/** Runs `use` with a real file that contains the bytes and can be read repeatedly through one handle. */
export async function withRealFile<T>(bytes: Uint8Array, use: (file: RosterFile) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    using handle = await Deno.open(path);
    return await use({ ...fileOf(bytes), read: () => fromTheBeginning(handle) });
  } finally {
    await Deno.remove(path);
  }
}

async function* fromTheBeginning(handle: Deno.FsFile): AsyncGenerator<Uint8Array> {
  await handle.seek(0, Deno.SeekMode.Start);
  const buffer = new Uint8Array(256 * 1024);
  for (let n = await handle.read(buffer); n !== null; n = await handle.read(buffer)) yield buffer.slice(0, n);
}
