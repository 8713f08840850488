/** The shared state of the service. Turns write this state. The status, the mailer and decisions read it. */
import { feedPath } from "../domain/feed.ts";
import type { CodedText } from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import type { BakUsage } from "../inbox/bak/bak_folder.ts";
import type { FolderScan, WaitingFile } from "../importer/inbox_port.ts";
import type { Progress } from "../importer/ports.ts";

export interface RunningImport extends Progress {
  id: number;
  feed: string;
  file: string;
  started_at: string;
}

/** The state of a feed's folder. */
export interface FeedState {
  /** The name of the feed; "" for the upload folder itself. */
  readonly feed: string;
  readonly unavailableReason: CodedText | null;
  /** The result of the last scan; empty before the first scan. */
  readonly scan: FolderScan;
  /** Uploads that could not be imported in the last turn. */
  readonly postponed: readonly WaitingFile[];
  /** The files in its `bak`; null until they are counted. */
  readonly bak: BakUsage | null;
  /** Why the last large file was not packed; null if it was packed. */
  readonly notPacked: CodedText | null;
}

export interface ServiceState {
  settings: Settings;
  settingsUnavailableReason: string | null;
  /** The feeds in the order of the settings. The upload folder itself comes last. */
  feeds: readonly FeedState[];
  /** Files in folders that do not belong to a feed. */
  elsewhere: readonly WaitingFile[];
  running: RunningImport | null;
  standby: boolean;
  /** The rosters in `bak` that the database does not know; null if it knows all of them. */
  missingRosters: CodedText | null;
}

export function initialState(settings: Settings): ServiceState {
  const nothing = { settingsUnavailableReason: null, running: null, missingRosters: null };
  return { settings, ...nothing, feeds: [], elsewhere: [], standby: false };
}

/** The state of a folder as the status describes it: usable, or the reason why it is not. */
export function usability(unavailableReason: CodedText | null): { usable: boolean; text?: string } {
  return unavailableReason === null ? { usable: true } : { usable: false, text: unavailableReason.text };
}

/** A waiting file; `name` is its path relative to the upload folder. */
export interface WaitingUpload extends WaitingFile {
  feed: string;
}

/**
 * Files that cannot be imported now, with the reasons. Files that are waiting for the end of a pause are not included.
 */
export function waitingFiles({ feeds, elsewhere }: Pick<ServiceState, "feeds" | "elsewhere">): WaitingUpload[] {
  const inFeeds = feeds.flatMap(({ feed, scan, postponed }) =>
    [...postponed, ...scan.waiting].map((file) => ({ ...file, feed, name: feedPath(feed, file.name) }))
  );
  return [...inFeeds, ...elsewhere.map((file) => ({ ...file, feed: "" }))];
}

export function ignoredFiles({ feeds }: Pick<ServiceState, "feeds">): string[] {
  return feeds.flatMap(({ feed, scan }) => scan.ignored.map(({ name }) => feedPath(feed, name)));
}

/** Uploads that a turn would import, including those whose import has begun. */
export function pendingFiles({ scan: { ready, claimed } }: Pick<FeedState, "scan">) {
  return [...ready, ...claimed];
}

/** The number of names is limited, because a status with 20,000 names would take up megabytes. */
const MAX_LISTED = 100;

/** The first few files of each kind and the total number of each. */
export function listedFiles(waiting: readonly WaitingUpload[], ignored: readonly string[]) {
  return {
    waiting: waiting.slice(0, MAX_LISTED).map(({ feed, name, code, text }) => ({ feed, name, code, text })),
    waiting_count: waiting.length,
    ignored: ignored.slice(0, MAX_LISTED),
    ignored_count: ignored.length,
  };
}
