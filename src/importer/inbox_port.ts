/** The interface through which the importer uses the upload folder. `src/inbox/` implements the interface. */
import type { CodedText } from "../domain/outcome.ts";

/** An open roster. All reads use the same handle, so a new file with the same name has no effect on them. */
export interface RosterFile {
  /** The name under which the file was uploaded. Always escape the name before showing it. */
  readonly name: string;
  /** The size in bytes when the file was opened. */
  readonly size: number;
  /**
   * The bytes from the beginning, in chunks of at most 256 KiB. The method can be called again, but supports only one
   * reader at a time. A chunk may be a view of `into`, in which case it is valid only until the next chunk is
   * requested.
   */
  read(into?: Uint8Array): AsyncGenerator<Uint8Array>;
  /** Whether the size, mtime or inode of the open file has changed since it was opened. */
  changed(): Promise<boolean>;
  close(): Promise<void>;
}

/** An upload that is ready to be claimed. */
export interface ReadyUpload {
  /** The name under which the file was uploaded. */
  readonly name: string;
  /**
   * The modification time by the clock of the file server, in milliseconds since 1970. The oldest upload is imported
   * first.
   */
  readonly mtime: number;
  readonly size: number;
}

/** An upload in `UPLOAD/.rosterd/`, where it stays until its import is finished. */
export interface ClaimedUpload extends ReadyUpload {
  /** The key that identifies the upload in the database. The folder of the upload is `.rosterd/KEY/`. */
  readonly key: string;
  /** The client that uploaded the file over HTTP; null if the file arrived through the folder. */
  readonly by: string | null;
}

export interface WaitingFile extends CodedText {
  name: string;
  /** The modification time in milliseconds since 1970, if known. */
  mtime?: number;
}

export interface FolderScan {
  /** Settled uploads, sorted by age (oldest first), then by name. */
  ready: ReadyUpload[];
  /** Uploads in `.rosterd/`, sorted in the same way. */
  claimed: ClaimedUpload[];
  /** Uploads that are already in `bak` but still have a folder in `.rosterd/`. */
  moved: ClaimedUpload[];
  /** Files that have not settled. Files of unknown age come first, followed by the others, oldest first. */
  waiting: WaitingFile[];
  /** Files with an extension that rosterd does not import, sorted by name. */
  ignored: { name: string; mtime: number }[];
}

export function emptyScan(): FolderScan {
  return { ready: [], claimed: [], moved: [], waiting: [], ignored: [] };
}

/**
 * Thrown if the upload folder cannot be used, for example because it is missing or not writable. No files are imported.
 */
export class UnusableFolder extends Error {
  override readonly name = "UnusableFolder";
  /** `what` describes the problem and `fix` the remedy. The two strings are combined into one sentence. */
  constructor(readonly code: string, readonly what: string, readonly fix: string) {
    super(`${what}: ${fix}.`);
  }
}

/** The upload folder. Implementations must not change any file outside the folder. */
export interface Inbox {
  /** The first call removes leftovers of an earlier process, but never an upload. Later calls have no effect. */
  tidy(): Promise<void>;
  /** Renames an upload into `.rosterd/`. Returns null if the upload has vanished or been replaced since the scan. */
  claim(upload: ReadyUpload): Promise<ClaimedUpload | null>;
  /** Opens a claimed upload for reading. Returns null if another program has removed the file. */
  open(upload: ClaimedUpload): Promise<RosterFile | null>;
  /** Opens an upload that was moved to `bak`. Returns null if the file is no longer there. */
  openMoved(upload: ClaimedUpload): Promise<RosterFile | null>;
  /**
   * Creates `.rosterd/KEY/` for a file that is already in `bak`, as if the file had just been moved there. Idempotent.
   */
  adopt(upload: ClaimedUpload, bakName: string): Promise<void>;
  /**
   * Adopts an upload that an import begun at this time has moved to `bak`, although the history does not say so: its
   * last commits were lost in a failover. Returns false if `bak` does not contain it.
   */
  readopt(upload: ClaimedUpload, startedAt: Date): Promise<boolean>;
  /** Postpones a claimed upload that changed while it was being read, until it has settled again. */
  requireResettle(upload: ClaimedUpload): void;
  /** Writes the failed-records file to `bak` atomically and returns its name. Idempotent. */
  keepFailed(
    upload: ClaimedUpload,
    startedAt: Date,
    write: (sink: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  ): Promise<string>;
  /**
   * Replaces a large upload with its gzipped form. Leaves the upload as it is if that is not possible, for example
   * because the disk is full. Idempotent.
   */
  pack(upload: ClaimedUpload, signal: AbortSignal): Promise<void>;
  /**
   * Moves an upload to `bak` and returns its new name, or null if another program has removed the upload. Idempotent.
   */
  moveToBak(upload: ClaimedUpload, startedAt: Date): Promise<string | null>;
  /** Whether `.rosterd/KEY/` contains only files that rosterd itself wrote. */
  isGone(key: string): Promise<boolean>;
  /**
   * Removes the rest of `.rosterd/KEY/`. Call this method only after the name of the upload in `bak` has been recorded
   * in the history.
   */
  forget(upload: ClaimedUpload): Promise<void>;
}
