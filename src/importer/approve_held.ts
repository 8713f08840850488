/**
 * Approves a held file: applies the file in `bak` to the current users, and ends the hold in the same transaction
 * (docs/people.md#approve). The next turn writes the failed-records file (`next_step.ts`).
 */
import { reasonToHoldFile } from "../domain/change_guard.ts";
import {
  type Approved,
  CannotDecide,
  DECISION_WAIT_MS,
  type Hold,
  importRunning,
  requireOpenHold,
  usersLocked,
} from "../domain/decision.ts";
import { feedsOf, settingsOf } from "../domain/feed_settings.ts";
import { HeldFile, RejectedFile } from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import { hasCode } from "../runtime/errors.ts";
import { Findings } from "./checks/findings.ts";
import { importFile } from "./import_file.ts";
import { ChangedWhileRead, type ReadJob, unreadFacts } from "./import_job.ts";
import type { Facts, ImportEntry, ImportStore } from "./ports.ts";
import type { RosterFile } from "./inbox_port.ts";

export interface ApproveJob extends Pick<ReadJob, "clock" | "onProgress" | "yieldToRequests"> {
  store: ImportStore;
  /** The current settings of all feeds. */
  settings: Settings;
  /** Opens a file in the `bak` of a feed. Returns null if the file is missing or is a link. */
  openInBak: (feed: string, name: string) => Promise<RosterFile | null>;
  newKey: (now: Date) => string;
  by: string;
  /** Stops waiting for other imports. An import that has begun continues. */
  signal: AbortSignal;
  /** Stops the approval, even during its import. */
  stopping: AbortSignal;
}

/** Throws {@link CannotDecide} and leaves the hold open if the file cannot be applied now. */
export async function approveHeldFile(held: ImportEntry & { hold: Hold }, job: ApproveJob): Promise<Approved> {
  requireOpenHold(held.hold.state);
  requireApplying(held, job.settings);
  const file = await openHeld(held, job);
  const facts = { ...unreadFacts(file), bytes: held.bytes ?? file.size };
  try {
    return await apply(file, held, job, facts);
  } catch (error) {
    throw await explained(error, held, job, facts);
  } finally {
    await file.close();
  }
}

function requireApplying({ feed }: ImportEntry, settings: Settings): void {
  if (!feedsOf(settings).includes(feed)) {
    throw new CannotDecide("no_such_feed", "the feed of this file is no longer in the settings");
  }
  if (!settingsOf(settings, feed).apply) {
    throw new CannotDecide("trial", "files of this feed are only checked: set apply to true first");
  }
}

async function openHeld({ id, feed, bak_file }: ImportEntry, { openInBak }: ApproveJob): Promise<RosterFile> {
  if (bak_file === null) {
    throw new CannotDecide(
      "file_not_in_bak",
      `the file of import ${id} is not in bak: if you have not dropped it into the upload folder yet, do so now`,
    );
  }
  const file = await openInBak(feed, bak_file);
  if (file === null) {
    throw new CannotDecide("file_gone", "the file is no longer in bak: upload it again, or discard the hold");
  }
  return file;
}

async function apply(
  file: RosterFile,
  { id, feed, sha256, hold }: ImportEntry & { hold: Hold },
  { store, by, newKey, ...job }: ApproveJob,
  facts: Facts,
): Promise<Approved> {
  const settings = settingsOf(job.settings, feed), startedAt = job.clock.now();
  const approval = { held: id, by, feed, settings, claimKey: newKey(startedAt), startedAt };
  const waived = hold.columns.map(({ column }) => column);
  const wait = limitedWait(job);
  return await store.transaction(async (transaction) => {
    wait.end();
    const importId = await transaction.beginApproval(approval);
    const entry = await importFile(file, transaction, importId, {
      ...{ ...job, feed, settings, waived, facts, findings: new Findings() },
      ...{ signal: wait.signal, isUpload: true },
    });
    if (facts.sha256 !== sha256) throw new ChangedWhileRead();
    return await transaction.endApproval(approval, entry);
  }, { signal: wait.signal });
}

/** A signal that aborts when the waiting time is over, unless {@link end} has been called. */
function limitedWait({ signal, stopping }: Pick<ApproveJob, "signal" | "stopping">) {
  const waiting = new AbortController(), timeout = AbortSignal.timeout(DECISION_WAIT_MS), ended = new AbortController();
  timeout.addEventListener("abort", () => {
    waiting.abort(importRunning());
  }, { signal: ended.signal });
  signal.addEventListener("abort", () => waiting.abort(signal.reason), { signal: ended.signal });
  if (signal.aborted) waiting.abort(signal.reason);
  return { signal: AbortSignal.any([waiting.signal, stopping]), end: () => ended.abort() };
}

/** Converts an error of the import into the reason why the approval is not possible. */
async function explained(
  error: unknown,
  { id, feed, sha256, hold }: ImportEntry & { hold: Hold },
  { store, settings }: ApproveJob,
  facts: Facts,
) {
  const isVerdict = error instanceof RejectedFile || error instanceof HeldFile;
  if (error instanceof ChangedWhileRead || (isVerdict && facts.sha256 !== sha256)) {
    return new CannotDecide(
      "file_changed",
      "the file in bak differs from the file that was held: upload the roster again",
    );
  }
  if (error instanceof RejectedFile) {
    const text = `with the current settings, the file would be rejected (${error.reason.code}): check it again`;
    return new CannotDecide("would_be_rejected", text);
  }
  if (error instanceof HeldFile) {
    const { columns } = error.held, { change_guard } = settingsOf(settings, feed);
    await store.holdMore(id, { columns, reason: reasonToHoldFile(change_guard, [...hold.columns, ...columns]) });
    const names = columns.map(({ column }) => column).join(", ");
    const text = `an approval would now also change ${names} for too many users: review the hold again`;
    return new CannotDecide("more_changes", text);
  }
  if (hasCode(error, "users_locked")) {
    return usersLocked();
  }
  return error;
}
