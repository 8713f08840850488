/** Scans the folder of one feed and keeps the results of the last scan and the last turn. */
import { feedPath } from "../domain/feed.ts";
import type { FeedLateWrite } from "../domain/late_write.ts";
import type { CodedText } from "../domain/outcome.ts";
import { emptyScan, type FolderScan, UnusableFolder, type WaitingFile } from "../importer/inbox_port.ts";
import type { BakUsage } from "../inbox/bak/bak_folder.ts";
import type { ReceivedUpload } from "../inbox/claim/receive.ts";
import type { UploadFolder } from "../inbox/inbox.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { ScanBackoff } from "./scan_backoff.ts";
import type { FeedState } from "./state.ts";

export interface FeedFolderOptions {
  feed: string;
  inbox: UploadFolder;
  clock: Clock;
  /** A log that adds the feed's name to each line. */
  log: Log;
}

export class FeedFolder implements FeedState {
  readonly feed: string;
  readonly inbox: UploadFolder;
  readonly log: Log;
  scan: FolderScan = emptyScan();
  unavailableReason: CodedText | null = null;
  postponed: readonly WaitingFile[] = [];
  bak: BakUsage | null = null;
  readonly #backoff: ScanBackoff;
  #isPaused = false;

  constructor({ feed, inbox, clock, log }: FeedFolderOptions) {
    this.feed = feed;
    this.inbox = inbox;
    this.log = log;
    this.#backoff = new ScanBackoff(clock);
  }

  /** Whether a scan between turns is cheap enough now. */
  get isDue(): boolean {
    return this.#backoff.isDue;
  }

  get notPacked(): CodedText | null {
    const failed = this.inbox.notPacked;
    return failed === null ? null : {
      code: "not_packed",
      text: `${feedPath(this.feed, failed.name)} was moved to bak without being packed (${failed.code})`,
    };
  }

  /** Counts the files in `bak`. An unusable folder keeps its last count. */
  async measureBak(): Promise<void> {
    if (this.unavailableReason !== null) return;
    this.bak = await this.inbox.bak.usage();
  }

  /** Scans only to refresh the status. */
  async lookAround(settleSeconds: number): Promise<void> {
    await this.look(settleSeconds).catch((error) => {
      if (!(error instanceof UnusableFolder)) throw error;
    });
  }

  /** Scans the folder and keeps the result. Throws {@link UnusableFolder}. */
  async look(settleSeconds: number): Promise<FolderScan> {
    try {
      this.scan = await this.#backoff.measure(() => this.inbox.scan(settleSeconds));
      this.#note(null);
      return this.scan;
    } catch (error) {
      if (error instanceof UnusableFolder) this.#note(error);
      throw error;
    }
  }

  /** Stores an upload that arrives over HTTP and returns its key. Throws {@link UnusableFolder}. */
  async receive(upload: ReceivedUpload, settleSeconds: number): Promise<string> {
    await this.look(settleSeconds);
    return await this.inbox.receive(upload);
  }

  /**
   * The files that grew after their import. If the folder cannot be used, the list is empty, so that other alerts are
   * still sent.
   */
  async lateWrites(): Promise<FeedLateWrite[]> {
    if (this.unavailableReason !== null) return [];
    return (await this.inbox.lateWrites()).map((file) => ({ ...file, feed: this.feed }));
  }

  /** Records whether the feed is paused now. Returns true if a pause has ended. */
  notePause(until: Date | null): boolean {
    const isPaused = until !== null, hasEnded = this.#isPaused && !isPaused;
    if (isPaused && !this.#isPaused) this.log.info("paused", { until: until.toISOString() });
    if (hasEnded) this.log.info("pause_over");
    this.#isPaused = isPaused;
    return hasEnded;
  }

  #note(error: UnusableFolder | null): void {
    const before = this.unavailableReason;
    if (error !== null && before?.code !== error.code) this.log.warn("folder_unusable", { code: error.code });
    if (error === null && before !== null) this.log.info("folder_usable");
    if (error !== null) this.scan = emptyScan();
    this.unavailableReason = error === null ? null : { code: error.code, text: error.message };
  }
}
