/** Finds uploads that are not imported because their folders belong to no feed. Reads only names. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { feedPath } from "../../domain/feed.ts";
import { UnusableFolder, type WaitingFile } from "../../importer/inbox_port.ts";
import { codeOf, nullOn } from "../../runtime/errors.ts";
import { foldersOf, isPlainFolder } from "../folders.ts";
import { kindOfName } from "../names.ts";
import { HangGuard } from "./hang_guard.ts";
import { waiting } from "./waiting.ts";

/** Limits the time and memory spent on a folder with a very large number of subfolders. */
const MAX_FOLDERS = 100, MAX_FILES = 1_000;
const MAX_MS = 10_000;

export class OtherFolders {
  readonly #hangGuard: HangGuard;

  constructor(private readonly upload: string) {
    this.#hangGuard = new HangGuard(upload, MAX_MS);
  }

  /**
   * Returns an empty list if the folders cannot be read, because the scan of the upload folder reports that problem.
   */
  async files(feeds: readonly string[]): Promise<WaitingFile[]> {
    try {
      return await this.#hangGuard.run(() => this.#find(new Set(feeds)));
    } catch (error) {
      if (error instanceof UnusableFolder || codeOf(error) !== "") return [];
      throw error;
    }
  }

  async #find(feeds: ReadonlySet<string>): Promise<WaitingFile[]> {
    const found: WaitingFile[] = [];
    const entries = await readdir(this.upload, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
      .filter((name) => !name.startsWith(".") && name !== "bak" && !feeds.has(name)).sort();
    for (const folder of folders.slice(0, MAX_FOLDERS)) {
      if (found.length >= MAX_FILES) break;
      found.push(
        ...(await uploadsIn(this.upload, folder)).map((name) => waiting.noFeed(feedPath(folder, name), folder)),
      );
    }
    return found.slice(0, MAX_FILES);
  }
}

/** The uploads in a folder, and those that rosterd claimed while the folder belonged to a feed. */
async function uploadsIn(upload: string, folder: string): Promise<string[]> {
  const { upload: path, work } = foldersOf(upload, folder);
  const names = await namesIn(path);
  const claimed = await isPlainFolder(work) ? await namesIn(work) : [];
  return [...names.filter((name) => kindOfName(name) === "upload"), ...claimed.map((key) => join(".rosterd", key))]
    .sort();
}

async function namesIn(path: string): Promise<string[]> {
  return await nullOn(readdir(path), "ENOENT", "ENOTDIR", "EACCES") ?? [];
}
