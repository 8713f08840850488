/**
 * Knows the folders of the inbox from one look to the next, and refuses them when they are no longer the ones that were looked
 * at: a mount went away beneath them, or somebody who may rename entries in the upload folder has swapped one. Changes nothing
 * but by its probes.
 *
 * There is no `openat` in Deno, so between a check and the step after it a folder can still be swapped. Checks before and after
 * each step make that window small; only a sticky upload folder of rosterd's own closes it (README).
 */
import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import { UnusableFolder } from "../importer/ports.ts";
import { nullOn } from "../runtime/errors.ts";
import { statsOf } from "./files/fsync.ts";
import { type Folders, isRealFolder, swapped, tryClaiming, tryMaking, uploadFolder } from "./folders.ts";

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

const CODES = { work: "work_not_a_folder", bak: "bak_not_a_folder" } as const;
type Inner = keyof typeof CODES;
const INNER = ["work", "bak"] as const;

export class FolderCheck {
  #upload: Identity | null = null;
  readonly #inner: Record<Inner, Identity | null> = { work: null, bak: null };
  constructor(readonly folders: Folders) {}

  /** Throws {@link UnusableFolder} unless uploads can be read, taken and moved to `bak`: tried for real. */
  async run(): Promise<void> {
    const { upload, work, bak } = this.folders;
    const identity = await uploadFolder(upload);
    const hasWork = await isRealFolder(work, CODES.work);
    const hasBak = await isRealFolder(bak, CODES.bak);
    if (this.#upload && !hasWork && !isSame(this.#upload, identity)) throw this.#notTheOneBefore();
    const own = await tryClaiming(this.folders);
    await this.#learn("work", own);
    if (hasBak) await this.#learn("bak", await tryMaking(bak, "bak_not_writable"));
    else this.#inner.bak = null;
    this.#upload = identity;
  }

  /**
   * Does one step; throws {@link UnusableFolder} when the folders are not those of the last look before it, or after it. What the
   * step opened is then to be closed by `undo`.
   */
  async around<T>(step: () => Promise<T>, undo: (result: T) => Promise<unknown> = async () => {}): Promise<T> {
    await this.#still();
    const result = await step();
    try {
      await this.#still();
    } catch (error) {
      await undo(result);
      throw error;
    }
    return result;
  }

  async #still(): Promise<void> {
    if (this.#upload === null) return;
    const { upload, work, bak } = this.folders;
    const [root, ...inner] = await Promise.all([
      nullOn(stat(upload, { bigint: true }), "ENOENT"),
      statsOf(work),
      statsOf(bak),
    ]);
    if (root === null || !isSame(this.#upload, root)) throw this.#notTheOneBefore();
    for (const [index, name] of INNER.entries()) {
      const known = this.#inner[name], stats = inner[index];
      if (known === null) await isRealFolder(this.folders[name], CODES[name]);
      else if (stats === null || !isSame(known, stats)) throw swapped(this.folders[name]);
      this.#inner[name] = stats;
    }
  }

  /** Only a folder that rosterd or root made is one of its own: whoever else made it can swap what is in it. */
  async #learn(inner: Inner, own: BigIntStats | null): Promise<void> {
    const path = this.folders[inner];
    const stats = await statsOf(path);
    if (stats !== null && own !== null && stats.uid !== 0n && stats.uid !== own.uid) {
      throw new UnusableFolder(
        CODES[inner],
        `${path} belongs to another user (uid ${stats.uid}), not to that of rosterd (uid ${own.uid})`,
        `do not delete it, since rosters stand in it; give it to the user of rosterd: chown -R ${own.uid} ${path}`,
      );
    }
    this.#inner[inner] = stats;
  }

  #notTheOneBefore(): UnusableFolder {
    return new UnusableFolder(
      "upload_missing",
      `The upload folder ${this.folders.upload} is not the one that was there before`,
      "its mount is probably gone. Mount it again, or restart rosterd if the new folder is meant",
    );
  }
}

function isSame(one: Identity, other: Identity): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}
