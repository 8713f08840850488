/**
 * Watches files in `bak` for a day. A file that grows was imported too early
 * (docs/upload-folder.md#changed-while-read).
 */
import type { LateWrite } from "../../domain/late_write.ts";
import type { ClaimedUpload } from "../../importer/inbox_port.ts";
import type { BakFolder } from "./bak_folder.ts";

const WATCH_MS = 86_400_000;

interface Watched {
  readonly name: string;
  readonly imported: number;
  readonly until: number;
}

export class LateWriteWatch {
  readonly #readSizes = new Map<string, number>();
  readonly #watched = new Map<string, Watched>();

  opened({ key }: ClaimedUpload, size: number): void {
    this.#readSizes.set(key, size);
  }

  /** Starts to watch a file in `bak`. `now` is a time from `Clock.elapsed()`. */
  moved({ key, name, size }: ClaimedUpload, bakFile: string, now: number): void {
    this.#watched.set(bakFile, { name, imported: this.#readSizes.get(key) ?? size, until: now + WATCH_MS });
    this.#readSizes.delete(key);
  }

  forget({ key }: ClaimedUpload): void {
    this.#readSizes.delete(key);
  }

  async grown(bak: BakFolder, now: number): Promise<LateWrite[]> {
    const grown: LateWrite[] = [];
    if (!await bak.isPlain()) return grown;
    for (const [bakFile, { name, imported, until }] of this.#watched) {
      const size = (await bak.stats(bakFile))?.size ?? -1;
      if (size > imported) grown.push({ name, bakFile, imported, size });
      if (size > imported || size < 0 || now >= until) this.#watched.delete(bakFile);
    }
    return grown;
  }
}
