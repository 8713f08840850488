/**
 * Watches files in `bak` for a day. A file that grows was imported too early
 * (docs/upload-folder.md#changed-while-read). For a packed file, watches the upload that it replaced.
 */
import type { LateWrite } from "../../domain/late_write.ts";
import type { ClaimedUpload } from "../../importer/inbox_port.ts";
import type { OpenRosterFile } from "../files/open.ts";
import type { BakFolder } from "./bak_folder.ts";

const WATCH_MS = 86_400_000;

/** Replaced uploads are watched for less time, and only the last few of them, because they take up disk space. */
const REPLACED_WATCH_MS = 3_600_000;
const MAX_REPLACED = 4;

interface Watched {
  readonly name: string;
  readonly imported: number;
  readonly until: number;
  readonly replaced: OpenRosterFile | null;
}

export class LateWriteWatch {
  readonly #readSizes = new Map<string, number>();
  /** Uploads that were packed but have not yet been moved to `bak`. */
  readonly #replaced = new Map<string, OpenRosterFile>();
  /** The watched files, keyed by their names in `bak`. */
  readonly #watched = new Map<string, Watched>();

  opened({ key }: ClaimedUpload, size: number): void {
    this.#readSizes.set(key, size);
  }

  /** Takes charge of the upload `replaced`, which is still open. */
  async packed({ key }: ClaimedUpload, replaced: OpenRosterFile): Promise<void> {
    await this.#replaced.get(key)?.close();
    this.#replaced.set(key, replaced);
  }

  /** Starts watching a file in `bak`. `now`: `Clock.elapsed()`. */
  async moved({ key, name, size }: ClaimedUpload, bakFile: string, now: number): Promise<void> {
    const replaced = this.#replaced.get(key) ?? null, imported = this.#readSizes.get(key) ?? replaced?.size ?? size;
    this.#replaced.delete(key);
    this.#readSizes.delete(key);
    const until = now + (replaced === null ? WATCH_MS : REPLACED_WATCH_MS);
    this.#watched.set(bakFile, { name, imported, until, replaced });
    const open = [...this.#watched].filter(([_, watched]) => watched.replaced !== null);
    for (const [oldest] of open.slice(0, Math.max(0, open.length - MAX_REPLACED))) await this.#end(oldest);
  }

  async forget({ key }: ClaimedUpload): Promise<void> {
    this.#readSizes.delete(key);
    await this.#replaced.get(key)?.close();
    this.#replaced.delete(key);
  }

  async grown(bak: BakFolder, now: number): Promise<LateWrite[]> {
    const grown: LateWrite[] = [];
    if (!await bak.isPlain()) return grown;
    for (const [bakFile, { name, imported, until, replaced }] of this.#watched) {
      const size = replaced === null ? (await bak.stats(bakFile))?.size ?? -1 : Number((await replaced.stats()).size);
      if (size > imported) grown.push({ name, bakFile, imported, size });
      if (size > imported || size < 0 || now >= until) await this.#end(bakFile);
    }
    return grown;
  }

  async close(): Promise<void> {
    for (const bakFile of this.#watched.keys()) await this.#end(bakFile);
    for (const replaced of this.#replaced.values()) await replaced.close();
    this.#replaced.clear();
  }

  async #end(bakFile: string): Promise<void> {
    const replaced = this.#watched.get(bakFile)?.replaced;
    this.#watched.delete(bakFile);
    await replaced?.close();
  }
}
