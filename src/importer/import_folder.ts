/**
 * One turn: imports every upload that is ready, one after the other, oldest first, and finishes what an earlier turn or
 * an earlier process left unfinished (contract, section 1). The loop that calls it is in `app.ts`.
 */
import { type ImportStatus, type Reason, RejectedFile } from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { writeFailedFile } from "./failed_file.ts";
import { ChangedWhileRead, importFile, noFacts } from "./import_file.ts";
import { reasonOf } from "./reason.ts";
import { mailOwed } from "./mail_owed.ts";
import type { BegunImport, ImportStore, Inbox, Progress, ReadyUpload, RosterFile, TakenUpload } from "./ports.ts";

/** What a turn works with. */
export interface Turn {
  inbox: Inbox;
  store: ImportStore;
  /** Read once, at the start of the turn. */
  settings: Settings;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  onProgress: (upload: TakenUpload, begun: BegunImport, progress: Progress) => void;
  /** Whether an error means that no other upload can be imported now either. */
  stopsAll: (error: unknown) => boolean;
}

/** What a turn did. */
export interface TurnResult {
  /** The imports that were finished, in order. */
  imported: number[];
  /** Uploads that could not be imported now, and why; they are tried again. */
  postponed: { file: string; reason: Reason }[];
}

/** Runs one turn. Throws only what concerns all uploads: the folder cannot be used, the database is away. */
export async function importFolder(turn: Turn): Promise<TurnResult> {
  const result: TurnResult = { imported: [], postponed: [] };
  const { taken, ready } = await turn.inbox.look(turn.settings.settle_seconds);
  for (const upload of inOrder([...taken, ...ready])) {
    if (turn.signal.aborted) break;
    try {
      const id = await importUpload(turn, upload);
      if (id !== null) result.imported.push(id);
    } catch (error) {
      if (turn.signal.aborted) break;
      if (turn.stopsAll(error)) throw error;
      const reason = reasonOf(error);
      result.postponed.push({ file: upload.name, reason });
      turn.log.warn("import_postponed", { file: upload.name, code: reason.code });
    }
  }
  return result;
}

function inOrder<T extends { mtime: number; name: string }>(uploads: T[]): T[] {
  return uploads.toSorted((a, b) => a.mtime - b.mtime || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Takes an upload if need be, imports it if that was not done before, and finishes it. Null when it is gone. */
async function importUpload(turn: Turn, upload: ReadyUpload | TakenUpload): Promise<number | null> {
  const taken = "key" in upload ? upload : await turn.inbox.take(upload);
  if (taken === null) return null;
  const begun = await turn.store.begin({
    file: taken.name,
    takenKey: taken.key,
    settings: turn.settings,
    startedAt: turn.clock.now(),
    bytes: taken.size,
  });
  if (!isOver(begun.status)) await importTaken(turn, taken, begun);
  await finish(turn, taken, begun);
  return begun.id;
}

function isOver(status: ImportStatus): boolean {
  return status !== "running" && status !== "error";
}

async function importTaken(turn: Turn, taken: TakenUpload, begun: BegunImport): Promise<void> {
  const file = await turn.inbox.open(taken);
  if (file === null) {
    await turn.store.postpone(begun.id, {
      code: "vanished",
      text: "the file was removed before it was imported",
      line: null,
    });
    await turn.inbox.forget(taken);
    throw new Postponed("vanished", "the file was removed before it was imported");
  }
  try {
    await importOpen(turn, taken, begun, file);
  } catch (error) {
    // The answer to COMMIT may have been lost: only the database knows whether the file was applied.
    const known = turn.signal.aborted ? null : await turn.store.find(begun.id);
    if (known !== null && isOver(known.status)) return;
    if (error instanceof ChangedWhileRead) turn.inbox.waitAnew(taken);
    if (known !== null) await turn.store.postpone(begun.id, reasonOf(error));
    throw error;
  } finally {
    await file.close();
  }
}

async function importOpen(turn: Turn, taken: TakenUpload, begun: BegunImport, file: RosterFile): Promise<void> {
  const { store, settings, clock, signal } = turn;
  const facts = noFacts(file);
  const onProgress = (progress: Progress) => turn.onProgress(taken, begun, progress);
  try {
    const job = { settings, clock, signal, facts, onProgress };
    await store.transaction((transaction) => importFile(file, transaction, begun.id, job, true), { signal });
  } catch (error) {
    if (!(error instanceof RejectedFile)) throw error;
    await store.reject(begun.id, error.reason, facts, mailOwed("rejected", settings), clock.now());
  }
}

/** What is owed after the merge: the failed records beside the file, the file in `bak`, and the history told so. */
async function finish(turn: Turn, taken: TakenUpload, { id }: BegunImport): Promise<void> {
  const { inbox, store, log, signal } = turn;
  const entry = await store.find(id);
  if (entry === null) throw new Error(`import ${id} has no entry in the history`);
  if (entry.bak_file === null) {
    const startedAt = new Date(entry.started_at);
    const file = entry.failed > 0 ? await inbox.open(taken) : null;
    const failedFile = file === null
      ? null
      : await inbox.keepFailed(taken, startedAt, (sink) =>
        writeFailedFile({ file, failures: store.failures(id), settings: entry.settings, signal }, sink)
          .finally(() =>
            file.close()
          ));
    await store.markMoved(id, await inbox.moveToBak(taken, startedAt), failedFile);
    const { file: name, status, records, failed } = entry;
    log.info("imported", { import: id, file: name, status, records, failed, mail: entry.mail });
  }
  await inbox.forget(taken);
}

/** An upload that has to wait, for a reason that has a name. */
export class Postponed extends Error {
  override readonly name = "Postponed";
  constructor(readonly code: string, message: string) {
    super(message);
  }
}
