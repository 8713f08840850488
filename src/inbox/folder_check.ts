/**
 * Remembers the inbox folders from scan to scan and refuses a folder that was replaced by an unmount or another user.
 * Creates and removes only probe files.
 *
 * Deno has no `openat`, so a folder can still be swapped between a check and the next step. With checks before and
 * after each step, a swap is unlikely to go unnoticed. Only a sticky upload folder owned by rosterd prevents swaps
 * completely.
 */
import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import { UnusableFolder } from "../importer/inbox_port.ts";
import { nullOn } from "../runtime/errors.ts";
import { isSameEntry, statsOf } from "./files/fsync.ts";
import { ensureFolder, type Folders, isRealFolder, swapped, tryClaiming, tryMaking, uploadFolder } from "./folders.ts";

type Identity = Pick<BigIntStats, "dev" | "ino">;

const CODES = { work: "work_not_a_folder", bak: "bak_not_a_folder" } as const;
type Inner = keyof typeof CODES;
const INNER = ["work", "bak"] as const;

export class FolderCheck {
  #upload: Identity | null = null;
  readonly #inner: Record<Inner, Identity | null> = { work: null, bak: null };
  constructor(readonly folders: Folders) {}

  /**
   * Lists the folder, moves a probe file as a claim would, and writes to `bak`. Only the first run creates the folder
   * of a feed. If the folder is missing later, it may have been unmounted. Throws {@link UnusableFolder}.
   */
  async run(): Promise<void> {
    const { upload, work, bak, isFeed } = this.folders;
    if (isFeed && this.#upload === null) await ensureFolder(upload, "upload_not_a_folder");
    const identity = await uploadFolder(this.folders);
    const hasWork = await isRealFolder(work, CODES.work);
    const hasBak = await isRealFolder(bak, CODES.bak);
    if (this.#upload && !hasWork && !isSameEntry(this.#upload, identity)) throw this.#replaced();
    const own = await tryClaiming(this.folders);
    await this.#accept("work", own);
    if (hasBak) await this.#accept("bak", await tryMaking(bak, "bak_not_writable"));
    else this.#inner.bak = null;
    this.#upload = identity;
  }

  /**
   * Runs one step. Throws {@link UnusableFolder} if the folders before or after the step are not those of the last
   * scan. If the folders changed during the step, calls `undo` with the result of the step.
   */
  async around<T>(step: () => Promise<T>, undo: (result: T) => Promise<unknown> = async () => {}): Promise<T> {
    await this.#assertUnchanged();
    const result = await step();
    try {
      await this.#assertUnchanged();
    } catch (error) {
      await undo(result);
      throw error;
    }
    return result;
  }

  async #assertUnchanged(): Promise<void> {
    if (this.#upload === null) return;
    const { upload, work, bak, isFeed } = this.folders;
    const [root, ...inner] = await Promise.all([
      isFeed ? statsOf(upload) : nullOn(stat(upload, { bigint: true }), "ENOENT"),
      statsOf(work),
      statsOf(bak),
    ]);
    if (!isSameEntry(this.#upload, root)) throw this.#replaced();
    for (const [index, name] of INNER.entries()) {
      const before = this.#inner[name], stats = inner[index];
      if (before === null) await isRealFolder(this.folders[name], CODES[name]);
      else if (!isSameEntry(before, stats)) throw swapped(this.folders[name]);
      this.#inner[name] = stats;
    }
  }

  /**
   * Accepts only a folder owned by rosterd or root, because any other owner could replace its entries.
   */
  async #accept(inner: Inner, own: BigIntStats | null): Promise<void> {
    const path = this.folders[inner];
    const stats = await statsOf(path);
    if (stats !== null && own !== null && stats.uid !== 0n && stats.uid !== own.uid) {
      throw new UnusableFolder(
        CODES[inner],
        `${path} belongs to another user (uid ${stats.uid}), not to rosterd's user (uid ${own.uid})`,
        `do not delete the folder, because it contains rosters; change its owner: chown -R ${own.uid} ${path}`,
      );
    }
    this.#inner[inner] = stats;
  }

  #replaced(): UnusableFolder {
    return new UnusableFolder(
      "upload_missing",
      `The upload folder ${this.folders.upload} has been replaced by a different folder`,
      "the old folder was probably unmounted; mount it again, or restart rosterd to use the new folder",
    );
  }
}
