/**
 * Implements the port {@link Inbox} with real files. Any process may call `scan`, but only the leader may call the
 * other methods.
 */
import type { LateWrite } from "../domain/late_write.ts";
import {
  type ClaimedUpload,
  type FolderScan,
  type Inbox,
  type ReadyUpload,
  type RosterFile,
  UnusableFolder,
} from "../importer/inbox_port.ts";
import type { Clock } from "../runtime/clock.ts";
import { codeOf } from "../runtime/errors.ts";
import type { Log } from "../runtime/log.ts";
import { HangGuard } from "./scan/hang_guard.ts";
import { BakFolder } from "./bak/bak_folder.ts";
import { keepFailed, moveToBak, packUpload } from "./bak/bak.ts";
import { FolderCheck } from "./folder_check.ts";
import { type Folders, foldersOf, unreadable } from "./folders.ts";
import { LateWriteWatch } from "./bak/late_write_watch.ts";
import { type ScanContext, scanUploads } from "./scan/scan.ts";
import { ScanState } from "./scan/scan_state.ts";
import { isNoPlainFile, openRosterFile } from "./files/open.ts";
import { type Fingerprint, mtimeAndSize } from "./scan/settle.ts";
import { failedName, namesInBak, plainName } from "./names.ts";
import { sweep } from "./sweep.ts";
import { claimUpload } from "./claim/claim.ts";
import { reclaimFromBak } from "./claim/reclaim.ts";
import { type ReceivedUpload, receiveUpload } from "./claim/receive.ts";
import { adoptMoved, isEmptied, pathOf, readNote, removeClaimed } from "./claim/claimed.ts";

export interface InboxOptions {
  readonly upload: string;
  /** The feed; "" for the upload folder itself. */
  readonly feed?: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The time limit of a scan. If a scan takes longer, its folder is considered hung. */
  readonly maxScanMs?: number;
}

export interface UploadFolder extends Inbox {
  /** Scans the folder. Throws {@link UnusableFolder} if no files may be imported. */
  scan(settleSeconds: number): Promise<FolderScan>;
  readonly bak: BakFolder;
  /** The last large upload that was not packed, and why; null if the last one was packed. */
  readonly notPacked: { name: string; code: string } | null;
  /**
   * Moves a roster from `bak` back to the claimed uploads, with the given modification time. Returns false if the file
   * is no longer in `bak`.
   */
  reclaim(bakFile: string, mtime: Date): Promise<boolean>;
  /** Stores an upload that a client sends over HTTP and returns its key. Throws {@link UnusableFolder}. */
  receive(upload: ReceivedUpload): Promise<string>;
  lateWrites(): Promise<LateWrite[]>;
  /** Closes everything that the inbox keeps open. No other method may be called afterwards. */
  close(): Promise<void>;
}

const MAX_SCAN_MS = 60_000;

/** Creates an inbox. Only the inbox's methods access files. */
export function createInbox({ upload, feed, clock, log, maxScanMs = MAX_SCAN_MS }: InboxOptions): UploadFolder {
  const folders = foldersOf(upload, feed);
  const bak = BakFolder.of(folders);
  const state = new ScanState();
  const lateWrites = new LateWriteWatch();
  const check = new FolderCheck(folders);
  const hangGuard = new HangGuard(folders.upload, maxScanMs);
  const receiving = new Set<string>();
  let notPacked: UploadFolder["notPacked"] = null;
  const tidy = once(() => check.around(() => sweep(folders, receiving)));
  return {
    scan: oneAtATime((settleSeconds: number) =>
      hangGuard.run(async () => {
        await check.run();
        return await check.around(() => scanUploads({ folders, state, clock, log }, settleSeconds));
      }).catch((error) => {
        throw codeOf(error) === "" || error instanceof UnusableFolder ? error : unreadable(folders.upload, error);
      })
    ),
    tidy,
    claim: (upload) => check.around(() => claim({ folders, state, clock, log }, upload)),
    async open(upload) {
      const file = await check.around(
        () => openClaimed(folders, state, upload),
        async (opened) => await opened?.close(),
      );
      if (file) lateWrites.opened(upload, file.size);
      return file;
    },
    openMoved: ({ key }) => check.around(() => openNoted(folders, bak, key), async (opened) => await opened?.close()),
    adopt: (upload, bakName) => check.around(() => adoptMoved(folders.work, upload, { bak: bakName })),
    readopt: (upload, startedAt) => check.around(() => readopt(folders, bak, upload, startedAt)),
    requireResettle: ({ key }) => state.requireResettle(key),
    keepFailed: (upload, startedAt, write) => check.around(() => keepFailed(folders, upload, startedAt, write)),
    async pack(upload, signal) {
      const { reason, wasPacked, replaced } = await check.around(
        () => packUpload(folders, upload, signal),
        async (packed) => await packed?.replaced?.close(),
      );
      if (replaced !== null) await lateWrites.packed(upload, replaced);
      if (reason !== null) log.warn("roster_not_packed", { file: upload.name, code: reason });
      if (reason !== null || wasPacked) notPacked = reason === null ? null : { name: upload.name, code: reason };
    },
    async moveToBak(upload, startedAt) {
      const name = await check.around(() => moveToBak(folders, upload, startedAt));
      if (name !== null) await lateWrites.moved(upload, name, clock.elapsed());
      return name;
    },
    isGone: (key) => check.around(() => isEmptied(folders.work, key)),
    async forget(upload) {
      await check.around(() => removeClaimed(folders.work, upload.key));
      state.endResettle(upload.key);
      state.claimedFiles.delete(upload.key);
      await lateWrites.forget(upload);
    },
    bak,
    get notPacked() {
      return notPacked;
    },
    reclaim: (bakFile, mtime) => check.around(() => reclaimFromBak(folders, bakFile, mtime, clock.now())),
    receive: (upload) => check.around(() => receiveUpload(folders, receiving, upload, clock.now())),
    close: () => lateWrites.close(),
    lateWrites: () => lateWrites.grown(bak, clock.elapsed()),
  };
}

/** Returns null if a later scan found that the upload has changed. */
async function claim({ folders, state, clock, log }: ScanContext, upload: ReadyUpload): Promise<ClaimedUpload | null> {
  const { name } = upload;
  const observation = state.settling.get(name);
  const seen = observation && mtimeAndSize(observation.fingerprint);
  if (!observation?.ready || seen?.mtime !== upload.mtime || seen.size !== upload.size) return null;
  const result = await claimUpload(folders, name, observation.fingerprint, clock.now());
  if (result.outcome === "claimed") {
    state.claimedFiles.set(result.upload.key, observation.fingerprint);
    return result.upload;
  }
  if (result.outcome === "refused") state.refuse(name, result.code, clock.elapsed());
  if (result.outcome === "changed") state.requireResettle(result.key);
  log.info("upload_not_taken", { file: name, outcome: result.outcome });
  return null;
}

/** Returns null if another program has removed or replaced the claimed file. */
async function openClaimed({ work }: Folders, state: ScanState, upload: ClaimedUpload): Promise<RosterFile | null> {
  const claimed = state.claimedFiles.get(upload.key);
  const isClaimed = ({ dev, ino }: Fingerprint) => !claimed || (dev === claimed.dev && ino === claimed.ino);
  try {
    return await (await openRosterFile(pathOf(work, upload), upload.name, isClaimed)).sync();
  } catch (error) {
    if (isNoPlainFile(error)) return null;
    throw error;
  }
}

async function readopt(folders: Folders, bak: BakFolder, upload: ClaimedUpload, startedAt: Date): Promise<boolean> {
  if (!await bak.isPlain()) return false;
  const names = namesInBak(upload.name, startedAt), stats = await Promise.all(names.map((name) => bak.stats(name)));
  const name = names.find((_, at) => stats[at] !== null);
  if (name === undefined) return false;
  const failed = plainName(failedName(upload.name, startedAt));
  await adoptMoved(folders.work, upload, { bak: name, failed: await bak.stats(failed) === null ? null : failed });
  return true;
}

/** Returns null if the file in `bak` has been removed or replaced. */
async function openNoted({ work }: Folders, bak: BakFolder, key: string): Promise<RosterFile | null> {
  const name = (await readNote(work, key))?.bak ?? null;
  return name === null ? null : await bak.openIfThere(name);
}

/** Scans must not overlap: a scan that starts first but ends last would forget files that arrived in between. */
function oneAtATime<A, T>(work: (argument: A) => Promise<T>): (argument: A) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (argument) => {
    const result = last.then(() => work(argument));
    last = result.catch(() => {});
    return result;
  };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () =>
    done ??= work().catch((error) => {
      done = null;
      throw error;
    });
}
