/** The shared state of the service: turns write it; status, mail and decisions read it. */
import type { CodedText } from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import { emptyScan, type FolderScan, type Progress, type WaitingFile } from "../importer/ports.ts";

export interface RunningImport extends Progress {
  id: number;
  file: string;
  started_at: string;
}

export interface ServiceState {
  settings: Settings;
  settingsUnavailableReason: string | null;
  folderUnavailableReason: CodedText | null;
  /** The last scan; empty before the first one. */
  scan: FolderScan;
  running: RunningImport | null;
  standby: boolean;
  /** Uploads that could not be imported in the last turn. */
  postponed: WaitingFile[];
}

export function initialState(settings: Settings): ServiceState {
  return {
    settings,
    settingsUnavailableReason: null,
    folderUnavailableReason: null,
    scan: emptyScan(),
    running: null,
    standby: false,
    postponed: [],
  };
}

/** Files that cannot be imported now, and why. */
export function waitingFiles({ scan, postponed }: ServiceState): WaitingFile[] {
  return [...postponed, ...scan.waiting];
}

/** A status with 20,000 names would run to megabytes. */
const MAX_LISTED = 100;

/** The first files of each kind, and the total number of each. */
export function listedFiles(waiting: readonly WaitingFile[], ignored: readonly string[]) {
  return {
    waiting: waiting.slice(0, MAX_LISTED).map(({ name, code, text }) => ({ name, code, text })),
    waiting_count: waiting.length,
    ignored: ignored.slice(0, MAX_LISTED),
    ignored_count: ignored.length,
  };
}
