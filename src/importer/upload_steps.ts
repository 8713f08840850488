/**
 * Carries an upload on, step by step, to its end (contract, section 1): `next_step.ts` decides which step comes, here is what
 * each one does. Everything that a step changes outside the database may be done again after a crash, and is marked in the
 * history when it is done.
 */
import type { Settings } from "../domain/settings.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { writeFailedFile } from "./files/failed_file.ts";
import { ChangedWhileRead } from "./import_job.ts";
import { isOver, nextStep, type Place, stageOf, type Step } from "./next_step.ts";
import type { ClaimedUpload, ImportEntry, ImportStore, Inbox, Progress, ReadyUpload, Reason } from "./ports.ts";
import { runImport } from "./run_import.ts";

/** What a turn works with. */
export interface Turn {
  inbox: Inbox;
  store: ImportStore;
  /** Read once, at the start of the turn. */
  settings: Settings;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  onProgress: (upload: ClaimedUpload, entry: ImportEntry, progress: Progress) => void;
  /** Lets others have their turn while a roster is read. */
  yieldToRequests?: () => Promise<void>;
  /** Whether an error means that no other upload can be imported now either. */
  stopsAll: (error: unknown) => boolean;
}

/** An upload somewhere on its way. */
export type PendingUpload =
  | { place: "upload"; upload: ReadyUpload; entry: null }
  | PendingClaim;

/** One that rosterd has taken. */
export interface PendingClaim {
  place: Exclude<Place, "upload">;
  upload: ClaimedUpload;
  entry: ImportEntry | null;
}

/** Does everything that is left to do. Returns the id of its import when that is finished; null when the upload is gone. */
export async function advance(turn: Turn, from: PendingUpload): Promise<number | null> {
  let way = from;
  for (let step = next(way); step !== null; step = next(way)) {
    // The next process, or the one that leads by now, carries on. What is moved is as good as done.
    if (step !== "forget") turn.signal.throwIfAborted();
    const after = way.place === "upload"
      ? await claim(turn, way.upload)
      : await STEPS[step as keyof typeof STEPS](turn, way);
    if (after === null) return null;
    way = after;
  }
  return stageOf(way.entry) === "filed" ? way.entry!.id : null;
}

function next({ place, entry }: PendingUpload): Step | null {
  return nextStep(place, stageOf(entry));
}

async function claim(turn: Turn, upload: ReadyUpload): Promise<PendingClaim | null> {
  const taken = await turn.inbox.claim(upload);
  return taken && { place: "taken", upload: taken, entry: null };
}

type StepFunction = (turn: Turn, way: PendingClaim) => Promise<PendingClaim | null>;

const STEPS: Readonly<Record<Exclude<Step, "take">, StepFunction>> = {
  import: importClaimed,
  keep_failed: keepFailed,
  move: moveToBak,
  forget: async ({ inbox }, way) => {
    await inbox.forget(way.upload);
    return { ...way, place: "gone" };
  },
  end: endWithoutFile,
};

async function importClaimed(turn: Turn, { upload }: PendingClaim): Promise<PendingClaim> {
  const { inbox, store, settings, clock } = turn;
  const { key, name, size } = upload;
  const entry = await store.begin({ file: name, takenKey: key, settings, startedAt: clock.now(), bytes: size });
  if (isOver(entry)) return { place: "taken", upload, entry };
  const file = await inbox.open(upload);
  if (file === null) return { place: "gone", upload, entry };
  const onProgress = (progress: Progress) => turn.onProgress(upload, entry, progress);
  const onWait = () => turn.log.info("waits_for_other_import", { import: entry.id });
  try {
    return {
      place: "taken",
      upload,
      entry: await runImport(file, entry, { ...turn, isUpload: true, onProgress, onWait }),
    };
  } catch (error) {
    if (error instanceof ChangedWhileRead) inbox.requireResettle(upload);
    throw error;
  } finally {
    await file.close();
  }
}

async function keepFailed(turn: Turn, { upload, entry }: PendingClaim): Promise<PendingClaim> {
  const { inbox, store, signal } = turn;
  const { id, started_at } = entry!;
  reports(turn, upload, entry!);
  const file = await inbox.open(upload);
  if (file === null) return { place: "gone", upload, entry };
  try {
    const name = await inbox.keepFailed(
      upload,
      new Date(started_at),
      (sink) => writeFailedFile({ file, failures: store.failures(id), entry: entry!, signal }, sink),
    );
    await store.markKept(id, name);
    return { place: "taken", upload, entry: { ...entry!, failed_file: name } };
  } finally {
    await file.close();
  }
}

async function moveToBak(turn: Turn, { upload, entry }: PendingClaim): Promise<PendingClaim> {
  const { inbox, store, log } = turn;
  const { id, file, status, records, failed, mail, started_at } = entry!;
  reports(turn, upload, entry!);
  const name = await inbox.moveToBak(upload, new Date(started_at));
  if (name === null) return { place: "gone", upload, entry };
  await store.markMoved(id, name);
  log.info("imported", { import: id, file, status, records, failed, mail });
  return { place: "bak", upload, entry: { ...entry!, bak_file: name } };
}

/** The import is over; to keep its failed records, or to move the file to another file system, takes its time, too. */
function reports({ onProgress }: Turn, upload: ClaimedUpload, entry: ImportEntry): void {
  const { size } = upload;
  onProgress(upload, entry, { stage: "reporting", bytes: size, total_bytes: size, records: entry.records });
}

async function endWithoutFile(
  { inbox, store, clock, log }: Turn,
  { place, upload, entry }: PendingClaim,
): Promise<null> {
  const reason = whyWithoutFile(place, entry!);
  await store.endWithoutFile(entry!.id, reason, clock.now());
  log.warn("upload_gone", { import: entry!.id, file: entry!.file, code: reason.code });
  await inbox.forget(upload);
  return null;
}

/** What is told of an import whose file is not where it has to be. */
function whyWithoutFile(place: Place, entry: ImportEntry): Reason {
  const [code, text] = isOver(entry)
    ? ["upload_gone", "the file was removed from .rosterd before it was moved to bak"]
    : place === "bak"
    ? ["not_applied", "the file stands in bak, but this database never applied it: drop it in again"]
    : ["vanished", "the file was removed before it was imported"];
  return { code, text, line: null };
}
