/**
 * One turn: carries every upload on its way to its end, one after the other, oldest first, whether it is new or was left
 * unfinished by an earlier turn or an earlier process (contract, section 1). The loop that calls it is in `service/turns.ts`.
 */
import type { Reason } from "../domain/outcome.ts";
import type { ClaimedUpload, FolderScan, ReadyUpload } from "./ports.ts";
import { reasonOf } from "./reason.ts";
import { advance, type PendingClaim, type PendingUpload, type Turn } from "./upload_steps.ts";

/** What a turn did. */
export interface TurnResult {
  /** The imports that were finished, in order. */
  imported: number[];
  /** Uploads that could not be imported now, and why; they are tried again. */
  postponed: { file: string; reason: Reason }[];
  /** Whether an upload or an unfinished import was there; otherwise nothing changed. */
  hadUploads: boolean;
}

/** Runs one turn over what a scan has just found. Throws only what concerns all uploads: the folder, or the database. */
export async function importFolder(turn: Turn, scan: FolderScan): Promise<TurnResult> {
  const onTheWay = await pendingUploads(turn, scan);
  const result: TurnResult = { imported: [], postponed: [], hadUploads: onTheWay.length > 0 };
  await turn.inbox.tidy();
  for (const way of onTheWay) {
    if (turn.signal.aborted) break;
    try {
      const id = await advance(turn, way);
      if (id !== null) result.imported.push(id);
    } catch (error) {
      if (turn.signal.aborted) break;
      if (turn.stopsAll(error)) throw error;
      const reason = reasonOf(error);
      result.postponed.push({ file: way.upload.name, reason });
      turn.log.warn("import_postponed", { file: way.upload.name, code: reason.code });
    }
  }
  return result;
}

/** Every upload in the folders, and every import whose upload is gone; those first that are nearly over. */
async function pendingUploads(
  { inbox, store }: Turn,
  { claimed: taken, moved, ready }: FolderScan,
): Promise<PendingUpload[]> {
  const known = new Set([...taken, ...moved].map(({ key }) => key));
  const entries = new Map((await store.unfinished([...known])).map(({ key, entry }) => [key, entry]));
  const entryOf = ({ key }: ClaimedUpload) => entries.get(key) ?? null;

  const gone: PendingClaim[] = [];
  for (const [key, entry] of entries) {
    if (known.has(key) || !await inbox.isGone(key)) continue;
    gone.push({ place: "gone", upload: { key, name: entry.file, mtime: 0, size: entry.bytes ?? 0 }, entry });
  }
  const unfinished = [
    ...taken.map((upload) => ({ place: "taken" as const, upload, entry: entryOf(upload) })),
    ...ready.map((upload) => ({ place: "upload" as const, upload, entry: null })),
  ];
  const inBak = moved.map((upload) => ({ place: "bak" as const, upload, entry: entryOf(upload) }));
  return [...gone, ...inBak, ...unfinished.toSorted(({ upload: a }, { upload: b }) => oldestFirst(a, b))];
}

type Aged = Pick<ReadyUpload, "name" | "mtime">;

/** The order of imports (contract, section 1, "order"): by age, then by name. */
export function oldestFirst(a: Aged, b: Aged): number {
  return a.mtime - b.mtime || byName(a, b);
}

/** By code units, which no locale changes. */
export function byName(a: Pick<Aged, "name">, b: Pick<Aged, "name">): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
