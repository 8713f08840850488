/**
 * Runs one turn: takes each upload through all its steps, oldest first, and finishes the incomplete work of earlier
 * turns. While an upload is being moved to `bak`, the next one is imported. For a small file, the move takes as long as
 * the import.
 */
import type { Reason } from "../domain/outcome.ts";
import type { ClaimedUpload, FolderScan, ReadyUpload } from "./inbox_port.ts";
import { reasonOf } from "./reason.ts";
import {
  awaitsImport,
  finishUpload,
  importUpload,
  type PendingClaim,
  type PendingUpload,
  type Turn,
} from "./upload_steps.ts";

export interface TurnResult {
  imported: number[];
  postponed: { file: string; reason: Reason }[];
  /** Whether the turn found an upload or an unfinished import. */
  hadUploads: boolean;
}

/** Runs one turn, based on a new scan of a feed. Throws only errors that affect every upload. */
export async function importFolder(turn: Turn, scan: FolderScan): Promise<TurnResult> {
  const pending = await pendingUploads(turn, scan);
  const result: TurnResult = { imported: [], postponed: [], hadUploads: pending.length > 0 };
  await turn.inbox.tidy();
  let finishing = Promise.resolve();
  try {
    for (const upload of pending) {
      if (turn.signal.aborted) break;
      if (awaitsImport(upload) && turn.isPaused()) continue;
      const imported = await orPostpone(turn, upload, result, () => importUpload(turn, upload));
      await finishing;
      if (imported !== null) finishing = finish(turn, imported, result);
      // This handler prevents an unhandled rejection. `await finishing` throws the error later.
      finishing.catch(() => {});
    }
  } finally {
    await finishing;
  }
  return result;
}

async function finish(turn: Turn, upload: PendingUpload, result: TurnResult): Promise<void> {
  const id = await orPostpone(turn, upload, result, () => finishUpload(turn, upload));
  if (id !== null) result.imported.push(id);
}

/**
 * Throws only errors that affect every upload. Resolves to null after any other error and when the turn is stopped.
 */
async function orPostpone<T>(
  { signal, stopsAll, log }: Turn,
  { upload: { name } }: PendingUpload,
  { postponed }: TurnResult,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) return null;
    if (stopsAll(error)) throw error;
    const reason = reasonOf(error);
    postponed.push({ file: name, reason });
    log.warn("import_postponed", { file: name, code: reason.code });
    return null;
  }
}

/** All uploads in the folders, and all imports whose upload is gone. The imports closest to completion come first. */
async function pendingUploads(
  { inbox, store, feed }: Turn,
  { claimed, moved, ready }: FolderScan,
): Promise<PendingUpload[]> {
  const known = new Set([...claimed, ...moved].map(({ key }) => key));
  const entries = new Map((await store.unfinished(feed, [...known])).map(({ key, entry }) => [key, entry]));
  const entryOf = ({ key }: ClaimedUpload) => entries.get(key) ?? null;

  const gone: PendingClaim[] = [];
  for (const [key, entry] of entries) {
    if (known.has(key) || !await inbox.isGone(key)) continue;
    const { file: name, bytes, uploaded_by: by, started_at } = entry;
    const upload = { key, name, mtime: 0, size: bytes ?? 0, by };
    const place = entry.approves !== null ? "held" : await inbox.readopt(upload, new Date(started_at)) ? "bak" : "gone";
    gone.push({ place, upload, entry });
  }
  const unfinished = [
    ...claimed.map((upload) => ({ place: "claimed" as const, upload, entry: entryOf(upload) })),
    ...ready.map((upload) => ({ place: "upload" as const, upload, entry: null })),
  ];
  const inBak = moved.map((upload) => ({ place: "bak" as const, upload, entry: entryOf(upload) }));
  return [...gone, ...inBak, ...unfinished.toSorted(({ upload: a }, { upload: b }) => oldestFirst(a, b))];
}

type Aged = Pick<ReadyUpload, "name" | "mtime">;

/** The order of imports (docs/upload-folder.md#order). */
export function oldestFirst(a: Aged, b: Aged): number {
  return a.mtime - b.mtime || byName(a, b);
}

/** Names are compared by code units, so that the order does not depend on a locale. */
export function byName(a: Pick<Aged, "name">, b: Pick<Aged, "name">): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
