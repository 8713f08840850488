/**
 * Takes an upload through all its steps: `next_step.ts` chooses the next step, and this file runs it. Changes outside
 * the database are safe to repeat after a crash; the history records when a step is complete.
 */
import type { Log } from "../runtime/log.ts";
import { writeFailedFile } from "./files/failed_file.ts";
import { ChangedWhileRead } from "./import_job.ts";
import { isOver, nextStep, type Place, stageOf, type Step } from "./next_step.ts";
import type { ClaimedUpload, Inbox, ReadyUpload } from "./inbox_port.ts";
import type { ImportEntry, Progress, Reason } from "./ports.ts";
import { type ImportRun, runImport } from "./run_import.ts";

export interface Turn extends Pick<ImportRun, "store" | "feed" | "settings" | "clock" | "signal" | "yieldToRequests"> {
  inbox: Inbox;
  log: Log;
  onProgress: (upload: ClaimedUpload, entry: ImportEntry, progress: Progress) => void;
  /** Whether files of the feed must wait. A file that has already been applied is still moved to `bak`. */
  isPaused: () => boolean;
  /** Whether an error affects all uploads. */
  stopsAll: (error: unknown) => boolean;
}

export type PendingUpload =
  | { place: "upload"; upload: ReadyUpload; entry: null }
  | PendingClaim;

export interface PendingClaim {
  place: Exclude<Place, "upload">;
  upload: ClaimedUpload;
  entry: ImportEntry | null;
}

/**
 * The steps that remain after the import and the failed-records file. They may run while the next upload is being
 * imported.
 */
const LAST_STEPS: ReadonlySet<Step> = new Set(["pack", "move", "forget", "end"]);

/** Runs all steps except the final ones. Returns null if the upload is gone. */
export async function importUpload(turn: Turn, from: PendingUpload): Promise<PendingUpload | null> {
  return await advance(turn, from, (step) => !LAST_STEPS.has(step));
}

/** Runs the final steps. Returns the id of the finished import, or null if the upload is gone. */
export async function finishUpload(turn: Turn, from: PendingUpload): Promise<number | null> {
  const done = await advance(turn, from, (step) => LAST_STEPS.has(step));
  return done !== null && stageOf(done.entry) === "filed" ? done.entry!.id : null;
}

async function advance(
  turn: Turn,
  from: PendingUpload,
  isWanted: (step: Step) => boolean,
): Promise<PendingUpload | null> {
  let pending = from;
  for (let step = next(pending); step !== null && isWanted(step); step = next(pending)) {
    // If this process is stopped, the next process can continue. If only cleanup remains, this process finishes it.
    if (step !== "forget") turn.signal.throwIfAborted();
    const after = pending.place === "upload"
      ? await claim(turn, pending.upload)
      : await STEPS[step as keyof typeof STEPS](turn, pending);
    if (after === null) return null;
    pending = after;
  }
  return pending;
}

export function awaitsImport(pending: PendingUpload): boolean {
  const step = next(pending);
  return step === "claim" || step === "import";
}

function next({ place, entry }: PendingUpload): Step | null {
  return nextStep(place, stageOf(entry));
}

async function claim(turn: Turn, upload: ReadyUpload): Promise<PendingClaim | null> {
  const claimed = await turn.inbox.claim(upload);
  return claimed && { place: "claimed", upload: claimed, entry: null };
}

type StepFunction = (turn: Turn, pending: PendingClaim) => Promise<PendingClaim | null>;

const STEPS: Readonly<Record<Exclude<Step, "claim">, StepFunction>> = {
  import: importClaimed,
  adopt: adoptHeld,
  keep_failed: keepFailed,
  pack: packLarge,
  move: moveToBak,
  forget: async ({ inbox }, pending) => {
    await inbox.forget(pending.upload);
    return { ...pending, place: "gone" };
  },
  end: endWithoutFile,
};

async function importClaimed(turn: Turn, { upload }: PendingClaim): Promise<PendingClaim> {
  const { inbox, store, feed, settings, clock } = turn;
  const { key, name, size, by } = upload;
  const entry = await store.begin({
    feed,
    file: name,
    claimKey: key,
    by,
    settings,
    startedAt: clock.now(),
    bytes: size,
  });
  if (isOver(entry)) return { place: "claimed", upload, entry };
  const file = await inbox.open(upload);
  if (file === null) return { place: "gone", upload, entry };
  const onProgress = (progress: Progress) => turn.onProgress(upload, entry, progress);
  const onWait = () => turn.log.info("waits_for_other_import", { import: entry.id });
  try {
    return {
      place: "claimed",
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

/** Continues after an approval, which has already applied the file in `bak`. */
async function adoptHeld({ inbox, store }: Turn, { upload, entry }: PendingClaim): Promise<PendingClaim> {
  const held = await store.find(entry!.approves!);
  await inbox.adopt(upload, held!.bak_file!);
  return { place: "bak", upload, entry };
}

async function keepFailed(turn: Turn, { place, upload, entry }: PendingClaim): Promise<PendingClaim> {
  const { inbox, store, signal } = turn;
  const { id, started_at } = entry!;
  reportProgress(turn, upload, entry!);
  const file = place === "bak" ? await inbox.openMoved(upload) : await inbox.open(upload);
  if (file === null) return { place: "gone", upload, entry };
  try {
    const name = await inbox.keepFailed(
      upload,
      new Date(started_at),
      (sink) => writeFailedFile({ file, failures: store.failures(id), entry: entry!, signal }, sink),
    );
    await store.markKept(id, name);
    return { place, upload, entry: { ...entry!, failed_file: name } };
  } finally {
    await file.close();
  }
}

async function packLarge(turn: Turn, { upload, entry }: PendingClaim): Promise<PendingClaim> {
  const { inbox, settings, signal } = turn;
  reportProgress(turn, upload, entry!);
  if (settings.pack_bak) await inbox.pack(upload, signal);
  return { place: "packed", upload, entry };
}

async function moveToBak(turn: Turn, { upload, entry }: PendingClaim): Promise<PendingClaim> {
  const { inbox, store, log } = turn;
  const { id, file, status, records, failed, mail, started_at } = entry!;
  reportProgress(turn, upload, entry!);
  const name = await inbox.moveToBak(upload, new Date(started_at));
  if (name === null) return { place: "gone", upload, entry };
  await store.markMoved(id, name);
  log.info("imported", { import: id, file, status, records, failed, mail });
  return { place: "bak", upload, entry: { ...entry!, bak_file: name } };
}

/** Writing the failed records, packing, and moving the file to another file system can also take a long time. */
function reportProgress({ onProgress }: Turn, upload: ClaimedUpload, entry: ImportEntry): void {
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

function whyWithoutFile(place: Place, entry: ImportEntry): Reason {
  const [code, text] = isOver(entry)
    ? [
      "upload_gone",
      `the file was removed from ${entry.approves === null ? ".rosterd before it was moved to bak" : "bak"}`,
    ]
    : place === "bak"
    ? ["not_applied", 'the file is in bak, but this database never applied it: run "rosterd imports replay"']
    : ["vanished", "the file was removed before it was imported"];
  return { code, text, line: null };
}
