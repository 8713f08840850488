/** The upload folder as the importer sees it. `src/inbox/` implements it. */
import type { CodedText } from "../domain/outcome.ts";

/** An open roster. All reads use the same handle, so replacing the file under its name has no effect. */
export interface RosterFile {
  /** The name it was uploaded under. Escape it wherever it is shown. */
  readonly name: string;
  /** Size in bytes when it was opened. */
  readonly size: number;
  /**
   * The bytes from the beginning, in chunks of at most 256 KiB. Can be called again, but supports one reader at a time.
   * Chunks may be views of `into`; if so, each is valid only until the next one is requested.
   */
  read(into?: Uint8Array): AsyncGenerator<Uint8Array>;
  /** Whether the size, mtime or inode of the open file has changed since it was opened. */
  changed(): Promise<boolean>;
  close(): Promise<void>;
}

/** An upload that a turn may claim now. */
export interface ReadyUpload {
  /** The name it was uploaded under. */
  readonly name: string;
  /** Modification time by the file server's clock, in milliseconds since 1970. Imports run in this order. */
  readonly mtime: number;
  readonly size: number;
}

/** An upload in `UPLOAD/.rosterd/`, where it stays until its import is finished. */
export interface ClaimedUpload extends ReadyUpload {
  /** Identifies the upload in the database; its folder is `.rosterd/KEY/`. */
  readonly key: string;
  /** Who uploaded it over HTTP; null if it came through the folder. */
  readonly by: string | null;
}

export interface WaitingFile extends CodedText {
  name: string;
  /** In milliseconds since 1970, if it is known. */
  mtime?: number;
}

export interface FolderScan {
  /** Settled uploads, oldest first, then by name. */
  ready: ReadyUpload[];
  /** Uploads in `.rosterd/`, in the same order. */
  claimed: ClaimedUpload[];
  /** Uploads that are already in `bak` but still have a folder in `.rosterd/`. */
  moved: ClaimedUpload[];
  /** Files of unknown age first, then oldest first. */
  waiting: WaitingFile[];
  /** Files with an extension that rosterd does not import, by name. */
  ignored: { name: string; mtime: number }[];
}

export function emptyScan(): FolderScan {
  return { ready: [], claimed: [], moved: [], waiting: [], ignored: [] };
}

/** The upload folder cannot be used, for example because it is missing or not writable. Nothing is imported. */
export class UnusableFolder extends Error {
  override readonly name = "UnusableFolder";
  /** `what` is the problem and `fix` the remedy: two parts of one sentence. */
  constructor(readonly code: string, readonly what: string, readonly fix: string) {
    super(`${what}: ${fix}.`);
  }
}

/** The upload folder. Implementations touch nothing outside it. */
export interface Inbox {
  /** Removes leftovers of an earlier process, on the first call only. Never touches an upload. */
  tidy(): Promise<void>;
  /** Renames an upload into `.rosterd/`. Null if it vanished or was replaced since the scan. */
  claim(upload: ReadyUpload): Promise<ClaimedUpload | null>;
  /** Opens a claimed upload for reading. Null if another program removed it. */
  open(upload: ClaimedUpload): Promise<RosterFile | null>;
  /** Opens an upload that was moved to `bak`. Null if it is no longer there. */
  openMoved(upload: ClaimedUpload): Promise<RosterFile | null>;
  /** Makes `.rosterd/KEY/` for a file that is already in `bak`, as if it had just been moved there. Idempotent. */
  adopt(upload: ClaimedUpload, bakName: string): Promise<void>;
  /** Makes a claimed upload that changed while being read wait until it has settled again. */
  requireResettle(upload: ClaimedUpload): void;
  /** Writes the failed records to `bak` atomically and returns the file's name. Idempotent. */
  keepFailed(
    upload: ClaimedUpload,
    startedAt: Date,
    write: (sink: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  ): Promise<string>;
  /** Moves an upload to `bak` and returns its name there, or null if it was removed. Idempotent. */
  moveToBak(upload: ClaimedUpload, startedAt: Date): Promise<string | null>;
  /** Whether `.rosterd/KEY/` no longer contains a file written by another program. */
  isGone(key: string): Promise<boolean>;
  /** Removes the rest of `.rosterd/KEY/`. Call it when the history has recorded the upload's name in `bak`. */
  forget(upload: ClaimedUpload): Promise<void>;
}
