/**
 * Watches files for a day after they went to `bak`: one that still grows was imported too early, and somebody must
 * hear of it (contract, section 1, "changed while read"). Remembers in memory only; changes nothing.
 */
import type { LateWrite } from "../../domain/late_write.ts";
import type { ClaimedUpload } from "../../importer/ports.ts";
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

  /** Notes how many bytes of a taken upload were there to be read. */
  opened({ key }: ClaimedUpload, size: number): void {
    this.#readSizes.set(key, size);
  }

  /** Begins to watch a file that went to `bak`, at `Clock.elapsed()` `now`. */
  moved({ key, name, size }: ClaimedUpload, bakFile: string, now: number): void {
    this.#watched.set(bakFile, { name, imported: this.#readSizes.get(key) ?? size, until: now + WATCH_MS });
    this.#readSizes.delete(key);
  }

  /** Forgets a taken upload. */
  forget({ key }: ClaimedUpload): void {
    this.#readSizes.delete(key);
  }

  /** The files that have grown; each is told once. */
  async grown(bak: BakFolder, now: number): Promise<LateWrite[]> {
    const grown: LateWrite[] = [];
    if (!await bak.isPlain()) return grown;
    for (const [bakFile, { name, imported, until }] of this.#watched) {
      const size = await bak.size(bakFile) ?? -1;
      if (size > imported) grown.push({ name, bakFile, imported, size });
      if (size > imported || size < 0 || now >= until) this.#watched.delete(bakFile);
    }
    return grown;
  }
}
