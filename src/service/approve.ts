/**
 * Approves a hold, for the service and the command line: takes access away from the held users or applies the held
 * file.
 */
import type { Approved, Hold } from "../domain/decision.ts";
import { approveHeldFile, type ApproveJob } from "../importer/approve_held.ts";
import type { ImportEntry } from "../importer/ports.ts";
import type { BakFolder } from "../inbox/bak/bak_folder.ts";
import { newKey } from "../inbox/claim/claim.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { findImport } from "../postgres/history/history.ts";
import { approveHold } from "../postgres/history/holds.ts";

export interface Approving extends Omit<ApproveJob, "newKey" | "openInBak" | "onProgress"> {
  database: Database;
  bakOf: (feed: string) => BakFolder;
  onProgress: (held: ImportEntry, progress: Parameters<ApproveJob["onProgress"]>[0]) => void;
}

/** Approves an import's hold. Returns null for an unknown import. Throws CannotDecide. */
export async function approve(id: number, approving: Approving): Promise<Approved | null> {
  const { database, bakOf, signal, by } = approving;
  const held = await findImport(database.sql, id);
  if (held === null || held.hold?.kind !== "changes") return await approveHold(database, id, signal, by);
  return await approveHeldFile(held as ImportEntry & { hold: Hold }, {
    ...approving,
    newKey,
    openInBak: (feed, name) => bakOf(feed).openIfThere(name),
    onProgress: (progress) => approving.onProgress(held, progress),
  });
}
