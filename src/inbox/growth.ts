/**
 * Watches files for a day after they went to `bak`: one that still grows was imported too early, and somebody must
 * hear of it (contract, section 1, "changed while read"). Remembers in memory only; changes nothing.
 */
import { join } from "node:path";
import type { LateWrite } from "../domain/late_write.ts";
import type { TakenUpload } from "../importer/ports.ts";
import { statsOf } from "./durable.ts";
import { isPlainFolder } from "./folders.ts";
import { plainName } from "./names.ts";

const WATCH_MS = 86_400_000;

interface Watched {
  readonly name: string;
  readonly imported: number;
  readonly until: number;
}

export class Growth {
  readonly #readSizes = new Map<string, number>();
  readonly #watched = new Map<string, Watched>();

  /** Notes how many bytes of a taken upload were there to be read. */
  opened({ key }: TakenUpload, size: number): void {
    this.#readSizes.set(key, size);
  }

  /** Begins to watch a file that went to `bak`, at `Clock.elapsed()` `now`. */
  moved({ key, name, size }: TakenUpload, bakFile: string, now: number): void {
    this.#watched.set(bakFile, { name, imported: this.#readSizes.get(key) ?? size, until: now + WATCH_MS });
    this.#readSizes.delete(key);
  }

  /** Forgets a taken upload. */
  forget({ key }: TakenUpload): void {
    this.#readSizes.delete(key);
  }

  /** The files that have grown; each is told once. */
  async grown(bak: string, now: number): Promise<LateWrite[]> {
    const grown: LateWrite[] = [];
    // Through a link that somebody put in its place files of others would be looked at.
    if (!await isPlainFolder(bak)) return grown;
    for (const [bakFile, { name, imported, until }] of this.#watched) {
      const size = Number((await statsOf(join(bak, plainName(bakFile))))?.size ?? -1n);
      if (size > imported) grown.push({ name, bakFile, imported, size });
      if (size > imported || size < 0 || now >= until) this.#watched.delete(bakFile);
    }
    return grown;
  }
}
