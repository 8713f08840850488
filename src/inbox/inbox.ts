/**
 * The upload folder with real files: puts the parts of this folder together behind the port of the importer.
 *
 * `look` may be called by anybody at any time: it makes `.rosterd`, tries the rights with an empty folder that it
 * removes again, and changes nothing else. `tidy`, `take`, `moveToBak`, `keepFailed` and `forget` are called by the one
 * service that imports.
 */
import type { LateWrite } from "../domain/late_write.ts";
import {
  type ClaimedUpload,
  type FolderScan,
  type Inbox,
  type ReadyUpload,
  type RosterFile,
  UnusableFolder,
} from "../importer/ports.ts";
import type { Clock } from "../runtime/clock.ts";
import { codeOf } from "../runtime/errors.ts";
import type { Log } from "../runtime/log.ts";
import { HangGuard } from "./scan/hang_guard.ts";
import { BakFolder } from "./bak/bak_folder.ts";
import { keepFailed, moveToBak } from "./bak/bak.ts";
import { FolderCheck } from "./folder_check.ts";
import { type Folders, foldersOf, unreadable } from "./folders.ts";
import { LateWriteWatch } from "./bak/late_write_watch.ts";
import { type ScanContext, scanUploads } from "./scan/scan.ts";
import { ScanState } from "./scan/scan_state.ts";
import { isNoPlainFile, openRosterFile } from "./files/open.ts";
import { ageAndSize, type Fingerprint } from "./scan/settle.ts";
import { sweep } from "./sweep.ts";
import { claimUpload } from "./claim/claim.ts";
import { isEmptied, pathOf, removeClaimed } from "./claim/claimed.ts";

export interface InboxOptions {
  /** The upload folder (contract, section 5, `--upload`). */
  readonly upload: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a look may take before the folder counts as hanging. */
  readonly answerWithinMs?: number;
}

/** The port, and what the service asks beside it. */
export interface UploadFolder extends Inbox {
  /** Looks at every entry once. Throws {@link UnusableFolder} when nothing may be imported. */
  scan(settleSeconds: number): Promise<FolderScan>;
  /** What imports put into `bak`, to be read and cleared. */
  readonly bak: BakFolder;
  /** Files that grew after they went to `bak`, each told once. */
  lateWrites(): Promise<LateWrite[]>;
}

const ANSWER_TIMEOUT_MS = 60_000;

/** Makes the inbox of one upload folder. Nothing is touched before the first call. */
export function createInbox({ upload, clock, log, answerWithinMs = ANSWER_TIMEOUT_MS }: InboxOptions): UploadFolder {
  const folders = foldersOf(upload);
  const bak = new BakFolder(folders.bak);
  const memory = new ScanState();
  const growth = new LateWriteWatch();
  const check = new FolderCheck(folders);
  const answering = new HangGuard(folders.upload, answerWithinMs);
  const tidy = onceDone(() => check.around(() => sweep(folders)));
  return {
    scan: inTurn((settleSeconds: number) =>
      answering.run(async () => {
        await check.run();
        return await check.around(() => scanUploads({ folders, memory, clock, log }, settleSeconds));
      }).catch((error) => {
        throw codeOf(error) === "" || error instanceof UnusableFolder ? error : unreadable(folders.upload, error);
      })
    ),

    tidy,

    claim: (upload) => check.around(() => claim({ folders, memory, clock, log }, upload)),

    async open(upload) {
      const file = await check.around(
        () => openClaimed(folders, memory, upload),
        async (opened) => await opened?.close(),
      );
      if (file) growth.opened(upload, file.size);
      return file;
    },

    requireResettle: ({ key }) => memory.requireResettle(key),

    keepFailed: (upload, startedAt, write) => check.around(() => keepFailed(folders, upload, startedAt, write)),

    async moveToBak(upload, startedAt) {
      const name = await check.around(() => moveToBak(folders, upload, startedAt));
      if (name !== null) growth.moved(upload, name, clock.elapsed());
      return name;
    },

    isGone: (key) => check.around(() => isEmptied(folders.work, key)),

    async forget(upload) {
      await check.around(() => removeClaimed(folders.work, upload.key));
      memory.endResettle(upload.key);
      memory.claimedFiles.delete(upload.key);
      growth.forget(upload);
    },

    bak,

    lateWrites: () => growth.grown(bak, clock.elapsed()),
  };
}

/** A later look than the one that the caller knows may have seen the file change; then it is not taken. */
async function claim({ folders, memory, clock, log }: ScanContext, upload: ReadyUpload): Promise<ClaimedUpload | null> {
  const { name } = upload;
  const sight = memory.settling.get(name);
  const seen = sight && ageAndSize(sight.fingerprint);
  if (!sight?.ready || seen?.mtime !== upload.mtime || seen.size !== upload.size) return null;
  const taking = await claimUpload(folders, name, sight.fingerprint, clock.now());
  if (taking.outcome === "taken") {
    memory.claimedFiles.set(taking.upload.key, sight.fingerprint);
    return taking.upload;
  }
  if (taking.outcome === "refused") memory.refuse(name, taking.code, clock.elapsed());
  if (taking.outcome === "changed") memory.requireResettle(taking.key);
  log.info("upload_not_taken", { file: name, outcome: taking.outcome });
  return null;
}

/** Null when somebody removed the upload, or put something else in its place: only the file that was taken is read. */
async function openClaimed({ work }: Folders, memory: ScanState, upload: ClaimedUpload): Promise<RosterFile | null> {
  const taken = memory.claimedFiles.get(upload.key);
  const isTaken = ({ dev, ino }: Fingerprint) => taken === undefined || (dev === taken.dev && ino === taken.ino);
  try {
    return await openRosterFile(pathOf(work, upload), upload.name, isTaken);
  } catch (error) {
    if (isNoPlainFile(error)) return null;
    throw error;
  }
}

/**
 * Does one work after the other. A look that listed the folder earlier but ended later would make the inbox forget what the other
 * one saw arrive, and the turn would pass it over.
 */
function inTurn<A, T>(work: (argument: A) => Promise<T>): (argument: A) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (argument) => {
    const result = last.then(() => work(argument));
    last = result.catch(() => {});
    return result;
  };
}

/** Does the work at the first call, and again only if it failed. */
function onceDone(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () =>
    done ??= work().catch((error) => {
      done = null;
      throw error;
    });
}
