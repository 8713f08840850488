/** Reads and removes files in `bak`. Never follows a link, because it could lead to another program's files. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RosterFile } from "../../importer/inbox_port.ts";
import { nullOn } from "../../runtime/errors.ts";
import { unlink } from "../files/disk.ts";
import { statsOf } from "../files/fsync.ts";
import { type Folders, isPlainFolder } from "../folders.ts";
import { plainName, rosterInBak } from "../names.ts";
import { isNoPlainFile, openRosterFile } from "../files/open.ts";
import { fingerprintOf, mtimeAndSize } from "../scan/settle.ts";

export class NoBakFolder extends Error {
  override readonly name = "NoBakFolder";
  readonly code = "ENOTDIR";
}

/** The plain files in `bak`. */
export interface BakUsage {
  files: number;
  bytes: number;
}

const STATS_AT_ONCE = 100;

export class BakFolder {
  /** `feedFolder`: the folder of the feed, which must not be a link either; null for the upload folder itself. */
  constructor(private readonly path: string, private readonly feedFolder: string | null = null) {}

  static of({ upload, bak, isFeed }: Folders): BakFolder {
    return new BakFolder(bak, isFeed ? upload : null);
  }

  /** Returns false if `bak` or the folder of its feed is missing or is a link. */
  async isPlain(): Promise<boolean> {
    return await isPlainFolder(this.path) && (this.feedFolder === null || await isPlainFolder(this.feedFolder));
  }

  /** Throws {@link NoBakFolder} and the same errors as {@link openRosterFile}. */
  async open(name: string): Promise<RosterFile> {
    return await openRosterFile(await this.#pathOf(name), name);
  }

  /** Opens a file. Returns null if the file is missing or is not a plain file in a real folder. */
  async openIfThere(name: string): Promise<RosterFile | null> {
    try {
      return await this.open(name);
    } catch (error) {
      if (error instanceof NoBakFolder || isNoPlainFile(error)) return null;
      throw error;
    }
  }

  /** The size of a plain file in bytes, and its modification time in milliseconds; null for anything else. */
  async stats(name: string): Promise<{ size: number; mtime: number } | null> {
    const stats = await statsOf(await this.#pathOf(name));
    return stats?.isFile() ? mtimeAndSize(fingerprintOf(stats)) : null;
  }

  /**
   * The names that rosterd gave to rosters, with the start of each import. The result is empty if `bak` is not a real
   * folder.
   */
  async rosters(): Promise<{ name: string; at: Date }[]> {
    if (!await this.isPlain()) return [];
    const names = await nullOn(readdir(this.path), "ENOENT") ?? [];
    return names.flatMap((name) => {
      const found = rosterInBak(name);
      return found === null ? [] : [{ name, at: found.at }];
    });
  }

  /** The counts are zero if `bak` is not a real folder. Counts unfinished files, too. */
  async usage(): Promise<BakUsage> {
    const usage = { files: 0, bytes: 0 };
    const names = await this.isPlain() ? await nullOn(readdir(this.path), "ENOENT") ?? [] : [];
    for (let from = 0; from < names.length; from += STATS_AT_ONCE) {
      const paths = names.slice(from, from + STATS_AT_ONCE).map((name) => join(this.path, name));
      for (const stats of await Promise.all(paths.map(statsOf))) {
        if (!stats?.isFile()) continue;
        usage.files++;
        usage.bytes += Number(stats.size);
      }
    }
    return usage;
  }

  async remove(name: string): Promise<void> {
    await nullOn(unlink(await this.#pathOf(name)), "ENOENT");
  }

  /** Refuses names that begin with a dot, because rosterd's unfinished files have such names. */
  async #pathOf(name: string): Promise<string> {
    if (name.startsWith(".")) throw new RangeError(`${JSON.stringify(name)} is not the name of a file in bak`);
    if (!await this.isPlain()) throw new NoBakFolder(`${this.path} is not a real folder`);
    return join(this.path, plainName(name));
  }
}
