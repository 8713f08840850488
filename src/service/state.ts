/** What the service knows of itself now. The turns write it; status, mail and decisions read it. */
import type { CodedText } from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import { emptyScan, type FolderScan, type Progress, type WaitingFile } from "../importer/ports.ts";

/** The import that runs now. */
export interface RunningImport extends Progress {
  id: number;
  file: string;
  started_at: string;
}

export interface ServiceState {
  /** The last settings that were valid. */
  settings: Settings;
  /** Why the settings file is not valid now. */
  settingsUnavailableReason: string | null;
  /** Why the folder cannot be used now. */
  folderUnavailableReason: CodedText | null;
  /** What the last scan found. */
  scan: FolderScan;
  running: RunningImport | null;
  /** Another rosterd leads. */
  standby: boolean;
  /** Uploads that could not be imported at the last turn. */
  postponed: WaitingFile[];
}

/** Of a service that has not scanned yet. */
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

/** Files that are not imported now, and why. */
export function waitingFiles({ scan, postponed }: ServiceState): WaitingFile[] {
  return [...scan.waiting, ...postponed];
}
