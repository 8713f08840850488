/**
 * The folder `bak` for the status, the mail and the retention, which read and clear what an import put there. Somebody may have
 * put a link in its place, and through it files of others would be mailed or removed: so nothing is touched then.
 */
import { join } from "node:path";
import type { RosterFile } from "../../importer/ports.ts";
import { nullOn } from "../../runtime/errors.ts";
import { unlink } from "../files/disk.ts";
import { statsOf } from "../files/fsync.ts";
import { isPlainFolder } from "../folders.ts";
import { plainName } from "../names.ts";
import { openRosterFile } from "../files/open.ts";

/** `bak` is missing, or something else stands in its place. */
export class NoBakFolder extends Error {
  override readonly name = "NoBakFolder";
  readonly code = "ENOTDIR";
}

export class BakFolder {
  constructor(private readonly path: string) {}

  /** Whether it is a folder of its own, and no link to another. */
  isPlain(): Promise<boolean> {
    return isPlainFolder(this.path);
  }

  /** Opens a file by its plain name. Throws {@link NoBakFolder}, and what {@link openRosterFile} throws. */
  async open(name: string): Promise<RosterFile> {
    return await openRosterFile(await this.#pathOf(name), name);
  }

  /** The bytes of a file; null when no plain file has the name. */
  async size(name: string): Promise<number | null> {
    const stats = await statsOf(await this.#pathOf(name));
    return stats?.isFile() ? Number(stats.size) : null;
  }

  /** Removes a file. One that is gone is no error. */
  async remove(name: string): Promise<void> {
    await nullOn(unlink(await this.#pathOf(name)), "ENOENT");
  }

  /** Names that begin with a dot are rosterd's own, while it writes. */
  async #pathOf(name: string): Promise<string> {
    if (name.startsWith(".")) throw new RangeError(`${JSON.stringify(name)} is not the name of a file in bak`);
    if (!await this.isPlain()) throw new NoBakFolder(`${this.path} is not a folder of its own`);
    return join(this.path, plainName(name));
  }
}
