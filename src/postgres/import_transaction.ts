/**
 * The transaction of one import in Postgres: the steps of `queries/`, in their order. What a step does is said in its SQL file;
 * what the guard decides on the plan, in `../domain/guard.ts`.
 */
import { type Change, type Counts, type Failure, noCounts, type Outcome } from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import type { Header } from "../importer/header.ts";
import type { KnownRecords } from "../importer/known_records.ts";
import type { DoneImport, ImportTransaction, Judgement, StageAgainWriter, StageWriter } from "../importer/ports.ts";
import type { Tx } from "./connect.ts";
import { KnownStore } from "./known_store.ts";
import { type Attempt, isTaken, lockPatiently, type Patience } from "./lock.ts";
import { enqueue, newMessageId } from "./outbox_store.ts";
import { type Plan, Planner } from "./planner.ts";
import { type ImportQueries, importQueries, withValues } from "./queries.ts";
import { Staging } from "./staging.ts";

/** So often the plan is made anew because another program changed a user in it; whom it has seen are locked meanwhile. */
const MOST_PLANS = 20;
/** So often because another program wrote a unique value that the plan took for free. */
const MOST_TAKEN = 5;

/** Another program changes users faster than a plan can be made of them. */
export class NeverStill extends Error {
  override readonly name = "NeverStill";
  readonly code = "users_change";
  constructor() {
    super("other programs keep changing the users of this roster");
  }
}

/** A COMMIT that was taken for lost came through after all: the same import was applied meanwhile. Nothing is applied twice. */
export class AppliedBefore extends Error {
  override readonly name = "AppliedBefore";
  readonly code = "applied_before";
  constructor() {
    super("this import was applied before");
  }
}

export class PostgresImportTransaction implements ImportTransaction {
  #queries!: ImportQueries;
  #header!: Header;
  #settings!: Settings;
  #staging!: Staging;
  #knownStore!: KnownStore;
  #planner!: Planner;
  #plan!: Plan;

  /** `copies`: the database takes COPY. `patience` with other programs, once rows have to be locked. */
  constructor(private readonly tx: Tx, private readonly copies: boolean, private readonly patience: Patience) {}

  async stage(header: Header, settings: Settings, importId: number | null): Promise<StageWriter> {
    this.#header = header;
    this.#settings = settings;
    this.#queries = importQueries(header.present.map(({ column }) => column));
    await this.tx.unsafe(this.#queries.stage);
    this.#staging = new Staging(this.tx, header, this.#queries, this.copies);
    return await this.#staging.begin(settings, importId);
  }

  async recall(known: KnownRecords | null, bytes: number): Promise<void> {
    this.#knownStore = new KnownStore(this.tx);
    await this.#knownStore.recall(known, bytes);
  }

  stageAgain(): Promise<StageAgainWriter> {
    return Promise.resolve(this.#staging.again());
  }

  async judge(): Promise<Judgement> {
    this.#planner = new Planner(this.#queries, this.#header, this.#settings);
    if (this.#staging.hasSuspects) await this.tx.unsafe(`${this.#queries.findRepeats}; analyze repeats`);
    this.#plan = await this.#planner.plan(this.tx);
    return this.#plan.judgement;
  }

  async apply(importId: number): Promise<{ counts: Counts; judgement: Judgement }> {
    for (let tries = 1;; tries++) {
      try {
        const carryOut = (attempt: Attempt) => this.#carryOut(attempt, importId);
        const { counts, judgement } = await lockPatiently(this.tx, this.patience, carryOut);
        await this.#knownStore.keep();
        return { counts: { ...counts, created: counts.created + this.#staging.created }, judgement };
      } catch (error) {
        if (!isTaken(error) || tries === MOST_TAKEN) throw error;
        this.#plan = await this.#planner.planAgain(this.tx);
      }
    }
  }

  async foresee(): Promise<Counts> {
    const [released] = await this.tx.unsafe(this.#queries.countPermits);
    const { counts } = await this.#count(this.tx);
    return { ...counts, ...released };
  }

  async failures(limit: number): Promise<Failure[]> {
    const rows = await this.tx.unsafe(`${this.#queries.failures} order by line limit $1`, [limit]);
    return rows.map(({ line, unique_id, problems }) => ({ line, unique_id, problems }));
  }

  async changes(limit: number): Promise<Change[]> {
    const rows = await this.tx.unsafe(this.#queries.changes, [limit]);
    return rows.map(({ unique_id, outcome, columns }) => ({ unique_id, outcome: outcome as Outcome, columns }));
  }

  async record(
    importId: number,
    { status, counts, facts, warnings, hold, mail, finishedAt }: DoneImport,
  ): Promise<void> {
    const { tx } = this;
    if (counts.failed > 0) {
      await tx.unsafe(
        `insert into rosterd.import_failures (import_id, line, unique_id, problems)
         select $1, line, unique_id, problems from (${this.#queries.failures}) as failures`,
        [importId],
      );
    }
    const { delimiter, encoding, sha256, bytes } = facts;
    const held = { hold_state: hold === null ? null : "open", hold_reason: hold };
    const known = { ...counts, ...held, status, delimiter, encoding, sha256, bytes, mail: mail.state };
    const { count } = await tx`
      update rosterd.imports
      set ${tx({ ...known, finished_at: finishedAt } as never)}, warnings = ${tx.json(warnings as never)}, reason = null
      where id = ${importId} and status in ('running', 'error')`;
    if (count === 0) throw new AppliedBefore();
    if (mail.state === "waiting") {
      await enqueue(tx, { kind: mail.kind, importId, messageId: newMessageId(mail.sender) });
    }
  }

  /** Locks everybody whom the plan changes, and changes them. */
  async #carryOut(attempt: Attempt, importId: number): Promise<{ counts: Counts; judgement: Judgement }> {
    const { tx } = attempt;
    const { freeValues, updateValues, updateAccess, archiveMissing, createUsers, keepHolds } = this.#queries;
    const { judgement, contested } = await this.#settle(attempt);
    const { counts, differing, moving } = await this.#count(tx);
    await this.#noteChanges(tx, importId, counts);
    if (contested) await tx.unsafe(freeValues);
    if (differing > 0) await tx.unsafe(updateValues);
    if (moving > 0) await tx.unsafe(updateAccess);
    if (counts.missing_archived > 0) await tx.unsafe(archiveMissing);
    if (counts.created > 0) await tx.unsafe(withValues(createUsers, importId));
    if (counts.held + counts.missing_held > 0) await tx.unsafe(keepHolds, [importId]);
    const [released] = await tx.unsafe(withValues(this.#queries.releasePermits, importId));
    return { counts: { ...counts, ...released }, judgement };
  }

  /** Locks the users of the plan, and their permits; when one of them is no longer as the plan saw it, plans anew. */
  async #settle({ tx, lock, reversed }: Attempt): Promise<Plan> {
    const { lockUsers, lockPermits } = this.#queries;
    let plan = this.#plan;
    if (reversed) await lock(lockPermits);
    for (let plans = 1; !await lock(lockUsers); plans++) {
      if (plans === MOST_PLANS) throw new NeverStill();
      plan = await this.#planner.planAgain(tx);
    }
    await lock(lockPermits);
    return plan;
  }

  async #noteChanges(tx: Tx, importId: number, counts: Counts): Promise<void> {
    const { noteChanges, noteMissing, noteOtherwise } = this.#queries;
    const changed = counts.updated + counts.archived + counts.reactivated + counts.held;
    if (changed > 0) await tx.unsafe(withValues(noteChanges, importId));
    if (counts.missing_archived > 0) await tx.unsafe(noteMissing, [importId]);
    const [open] = await tx`select from rosterd.imports where hold_state = 'open' limit 1`;
    if (open !== undefined) {
      await tx.unsafe(noteOtherwise, [importId, this.#settings.archive_inactive_users]);
    }
  }

  /** Beside the counts: how many users get other values, and how many only other access. */
  async #count(tx: Tx): Promise<{ counts: Counts; differing: number; moving: number }> {
    const [{ differing, moving, ...counts }] = await tx.unsafe(this.#queries.counts);
    return { counts: { ...noCounts(), ...counts }, differing, moving };
  }
}
