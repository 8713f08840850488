/** Imports one open file, for the service and the command line: applies, rejects or postpones it. */
import { HeldFile, RejectedFile } from "../domain/outcome.ts";
import { Findings } from "./checks/findings.ts";
import { importFile } from "./import_file.ts";
import { type ImportJob, unreadFacts } from "./import_job.ts";
import { NO_MAIL, owed } from "./mail_owed.ts";
import { isOver } from "./next_step.ts";
import type { ImportEntry, ImportStore } from "./ports.ts";
import type { RosterFile } from "./inbox_port.ts";
import { reasonOf } from "./reason.ts";
import { heldFileWarning, mailStateWarnings } from "./warnings.ts";

export interface ImportRun extends Omit<ImportJob, "facts" | "findings"> {
  store: ImportStore;
  /** Called once if the import must first wait for another import to end. */
  onWait?: () => void;
}

export async function runImport(file: RosterFile, { id }: ImportEntry, run: ImportRun): Promise<ImportEntry> {
  try {
    return await applyOrReject(file, id, run);
  } catch (error) {
    const over = await appliedAfterLostCommit(id, error, run);
    if (over === null) throw error;
    return over;
  }
}

async function applyOrReject(file: RosterFile, id: number, run: ImportRun): Promise<ImportEntry> {
  const { store, settings, clock, signal, onWait, isUpload } = run;
  const facts = unreadFacts(file);
  try {
    return await store.transaction(
      (transaction) => importFile(file, transaction, id, { ...run, facts, findings: new Findings() }),
      { signal, onWait },
    );
  } catch (error) {
    const mailOf = (kind: "rejected" | "held") => isUpload ? owed(kind, settings) : NO_MAIL;
    if (error instanceof RejectedFile) {
      await store.reject(id, error.reason, facts, mailOf("rejected"), clock.now());
    } else if (error instanceof HeldFile) {
      const mail = mailOf("held");
      const warnings = [...error.warnings, heldFileWarning(error.held, id), ...mailStateWarnings(mail, settings)];
      await store.holdFile(id, { held: error.held, warnings }, facts, mail, clock.now());
    } else throw error;
    return await mustFind(store, id);
  }
}

/**
 * Asks the database whether the import was applied, because the reply to COMMIT may have been lost. If the import was
 * not applied, records the error for a retry, then returns null. Also returns null if the database is unreachable,
 * because the original error is then the one to report.
 */
async function appliedAfterLostCommit(id: number, error: unknown, run: ImportRun): Promise<ImportEntry | null> {
  const { store, signal, isUpload } = run;
  // The next process can resume the import of an upload, but not an import from the command line.
  if (isUpload && signal.aborted) return null;
  try {
    const entry = await mustFind(store, id);
    if (isOver(entry)) return entry;
    await store.postpone(id, reasonOf(error));
  } catch { /* Only the first error is reported. */ }
  return null;
}

async function mustFind(store: ImportStore, id: number): Promise<ImportEntry> {
  const entry = await store.find(id);
  if (entry === null) throw new Error(`import ${id} has no entry in the history`);
  return entry;
}
