/** Keeps the folders of all feeds while the service runs. A feed that is removed and added again keeps its state. */
import type { FeedLateWrite } from "../domain/late_write.ts";
import type { Settings } from "../domain/settings.ts";
import { feedsOf } from "../domain/feed_settings.ts";
import type { WaitingFile } from "../importer/inbox_port.ts";
import type { BakFolder } from "../inbox/bak/bak_folder.ts";
import { createInbox } from "../inbox/inbox.ts";
import { OtherFolders } from "../inbox/scan/other_folders.ts";
import type { Clock } from "../runtime/clock.ts";
import { type Log, withFields } from "../runtime/log.ts";
import { FeedFolder } from "./feed_folder.ts";

export interface FeedFoldersOptions {
  upload: string;
  clock: Clock;
  log: Log;
}

export class FeedFolders {
  readonly #folders = new Map<string, FeedFolder>();
  readonly #others: OtherFolders;

  constructor(private readonly options: FeedFoldersOptions) {
    this.#others = new OtherFolders(options.upload);
  }

  /** The folders of the feeds, in the order of the settings. The upload folder itself comes last. */
  of(settings: Settings): FeedFolder[] {
    return feedsOf(settings).map((feed) => this.#folder(feed));
  }

  /** The `bak` folder of a feed, even if the feed is no longer in the settings. */
  bakOf(feed: string): BakFolder {
    return this.#folder(feed).inbox.bak;
  }

  async lateWrites(settings: Settings): Promise<FeedLateWrite[]> {
    return (await Promise.all(this.of(settings).map((folder) => folder.lateWrites()))).flat();
  }

  /** Counts the files in each `bak` that may have changed, or that was never counted. */
  async measureBaks(settings: Settings, hasChanged: boolean): Promise<void> {
    for (const folder of this.of(settings)) if (hasChanged || folder.bak === null) await folder.measureBak();
  }

  async close(): Promise<void> {
    for (const { inbox } of this.#folders.values()) await inbox.close();
  }

  /** Uploads in folders that belong to no feed. */
  elsewhere(settings: Settings): Promise<WaitingFile[]> {
    return this.#others.files(feedsOf(settings));
  }

  #folder(feed: string): FeedFolder {
    const known = this.#folders.get(feed);
    if (known !== undefined) return known;
    const { upload, clock } = this.options;
    const log = feed === "" ? this.options.log : withFields(this.options.log, { feed });
    const folder = new FeedFolder({ feed, inbox: createInbox({ upload, feed, clock, log }), clock, log });
    this.#folders.set(feed, folder);
    return folder;
  }
}
