/** Carries out a plan in the transaction of its import: locks users, changes them and records the result. */
import type { Counts } from "../../domain/outcome.ts";
import type {
  AppliedImport,
  DoneImport,
  HeldPlan,
  ImportEntry,
  PlannedImport,
  PlanSummary,
} from "../../importer/ports.ts";
import { errorWithCode } from "../../runtime/errors.ts";
import type { Tx } from "../connection/connect.ts";
import { type CountedPlan, countPlan } from "./dry_run_plan.ts";
import { isUniqueViolation, type LockAttempt, type LockWait, lockWithRetry } from "./lock.ts";
import { endImport } from "../history/end_import.ts";
import { supersedeHeldFiles } from "../history/file_holds.ts";
import { toEntry } from "../history/history.ts";
import { type ComparedImport, keepFailures } from "./failure_news.ts";
import type { Plan, Planner } from "./planner.ts";
import { withValues } from "./queries.ts";
import type { StagedFacts, StagingContext } from "./staging.ts";
import type { UnchangedStore } from "./unchanged_store.ts";

/**
 * How many plans an import makes before it gives up because other programs keep changing its users. Users who are
 * already locked stay locked.
 */
const MAX_PLANS = 20;
/** The maximum number of attempts if other programs keep writing unique values that the plan needs. */
const MAX_UNIQUE_CONFLICTS = 5;

const OPEN_HOLD =
  "select from rosterd.imports where hold_state = 'open' and hold_kind is distinct from 'changes' limit 1";

export interface ImportContext extends StagingContext, StagedFacts {
  importId: number;
  planner: Planner;
  unchanged: UnchangedStore;
  lockWait: LockWait;
}

export class PostgresPlannedImport implements PlannedImport {
  constructor(private readonly context: ImportContext, private plan: Plan) {}

  async apply(): Promise<AppliedImport | HeldPlan> {
    const { tx, lockWait, importId, planner, unchanged, created } = this.context;
    for (let attempt = 1;; attempt++) {
      try {
        const carriedOut = await lockWithRetry(tx, lockWait, (locked) => this.#carryOut(locked));
        if ("held" in carriedOut) return carriedOut;
        const { counts, summary, writes } = carriedOut;
        await unchanged.keep({ importId, created, isPlanned: writes });
        return {
          counts: { ...counts, created: counts.created + created },
          summary,
          keepFailures: (counts) => keepFailures(comparedImport(this.context, importId), counts),
          record: (done) => record(this.context, done),
        };
      } catch (error) {
        if (!isUniqueViolation(error) || attempt === MAX_UNIQUE_CONFLICTS) throw error;
        this.plan = await planner.replan(tx);
      }
    }
  }

  /** `writes`: whether the import has written users. */
  async #carryOut(
    attempt: LockAttempt,
  ): Promise<{ counts: Counts; summary: PlanSummary; writes: boolean } | HeldPlan> {
    const { tx } = attempt, { queries, importId } = this.context;
    const { freeValues, updateValues, updateAccess, archiveMissing, createUsers, keepHolds, releasePermits } = queries;
    const { summary, contested, givesUp, archives } = await this.#lockAll(attempt);
    if (summary.changes !== null) return { held: summary.changes, warnings: summary.warnings };
    const planned = await countPlan(tx, queries);
    const { counts, differing, moving, unnamed } = planned;
    await this.#noteChanges(tx, planned, givesUp);
    if (contested) await tx.unsafe(freeValues);
    if (givesUp) await tx.unsafe(queries.giveUp);
    if (differing > 0) await tx.unsafe(updateValues);
    if (moving > 0) await tx.unsafe(updateAccess);
    if (unnamed > 0) await tx.unsafe(archiveMissing);
    if (counts.created > 0) await tx.unsafe(withValues(createUsers, importId));
    if (counts.held + counts.missing_held > 0) await tx.unsafe(withValues(keepHolds, importId));
    if (counts.renamed + counts.merged > 0) await tx.unsafe(withValues(queries.moveIds, importId));
    const [released] = archives ? await tx.unsafe(withValues(releasePermits, importId)) : [];
    const writes = differing + moving + unnamed + counts.created > 0;
    return { counts: { ...counts, ...released }, summary, writes };
  }

  /** Locks the planned users and their permits. Plans again if another program has changed one of the users. */
  async #lockAll({ tx, lock, reversed }: LockAttempt): Promise<Plan> {
    const { planner, queries: { findOldIds, lockUsers, lockPermits } } = this.context;
    // If the change guard holds the file, the import changes no users and needs no locks.
    const isHeld = () => plan.summary.changes !== null;
    const locksPermits = () => !isHeld() && (plan.archives || findOldIds !== null);
    let plan = this.plan;
    if (reversed && locksPermits()) await lock(lockPermits);
    for (let plans = 1; !isHeld() && !await lock(lockUsers); plans++) {
      if (plans === MAX_PLANS) {
        throw errorWithCode("users_change", "other programs keep changing the users of this roster");
      }
      plan = await planner.replan(tx);
    }
    if (locksPermits()) await lock(lockPermits);
    return plan;
  }

  async #noteChanges(tx: Tx, { differing, moving, unnamed }: CountedPlan, givesUp: boolean): Promise<void> {
    const { importId, settings, queries: { noteChanges, noteMissing, noteGivers, noteOtherwise } } = this.context;
    if (differing + moving > 0) await tx.unsafe(withValues(noteChanges, importId));
    if (unnamed > 0) await tx.unsafe(withValues(noteMissing, importId));
    if (givesUp) await tx.unsafe(withValues(noteGivers, importId));
    const [open] = await tx.unsafe(OPEN_HOLD);
    if (open !== undefined) await tx.unsafe(withValues(noteOtherwise, importId, settings.archive_inactive_users));
  }
}

export function comparedImport({ tx, queries, feed, header }: StagingContext, importId: number): ComparedImport {
  return { tx, queries, importId, feed, isFailedFile: header.own.length > 0 };
}

/** Completes the history entry of an import, notifies other programs, and queues the email about the import. */
export async function record(
  { tx, importId }: Pick<ImportContext, "tx" | "importId">,
  { status, counts, news: { failed_new, failed_fixed }, facts, warnings, hold, mail, finishedAt }: DoneImport,
): Promise<ImportEntry> {
  const { delimiter, encoding, sha256, bytes } = facts;
  const held = hold === null ? {} : {
    ...{ hold_state: "open", hold_kind: "access", hold_reason: hold.reason },
    hold_losses: tx.json(hold.losses as never),
  };
  const read = { delimiter, encoding, sha256, bytes };
  const values = { ...counts, failed_new, failed_fixed, ...held, ...read, status, finished_at: finishedAt };
  const row = await endImport(tx, importId, mail, { ...values, warnings: tx.json(warnings as never), reason: null });
  // An earlier COMMIT succeeded although its reply was lost. This attempt stops, so that the file is not applied twice.
  if (row === null) throw errorWithCode("applied_before", "this import has already been applied");
  if (status !== "checked" && counts.records > counts.failed + counts.skipped) await supersedeHeldFiles(tx, importId);
  return toEntry(row);
}
