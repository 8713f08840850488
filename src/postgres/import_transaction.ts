/**
 * The transaction of one import in Postgres: the steps of `queries/`, in their order. What a step does is said in its SQL file;
 * what the guard decides on the plan, in `../domain/guard.ts`.
 */
import type { Batch } from "../importer/batch.ts";
import type { FoundProblems } from "../importer/check.ts";
import { type Change, type Counts, type Failure, noCounts, type Outcome } from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import type { Header } from "../importer/header.ts";
import type { DoneImport, ImportTransaction, Judgement, StageWriter } from "../importer/ports.ts";
import type { Suspect } from "../importer/suspects.ts";
import { CopyRows } from "./copy.ts";
import type { Tx } from "./connect.ts";
import { type Attempt, isTaken, lockPatiently, type Patience } from "./lock.ts";
import { enqueue, newMessageId } from "./outbox_store.ts";
import { type Plan, Planner } from "./planner.ts";
import { type ImportQueries, importQueries } from "./queries.ts";
import { UnnestRows } from "./unnest.ts";

/** Above so many records the planner's guesses about tables it has not seen before are not to be trusted. */
const MANY = 2_000;

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
  #planner!: Planner;
  #plan!: Plan;

  /** `copies`: the database takes COPY. `patience` with other programs, once rows have to be locked. */
  constructor(private readonly tx: Tx, private readonly copies: boolean, private readonly patience: Patience) {}

  async stage(header: Header): Promise<StageWriter> {
    this.#header = header;
    this.#queries = importQueries(header.present.map(({ column }) => column));
    await this.tx.unsafe(this.#queries.stage);
    const rows = this.copies ? await CopyRows.open(this.tx, header) : new UnnestRows(this.tx, header);
    let records = 0;
    return {
      write: async (batch: Batch, problems: FoundProblems) => {
        records += batch.count;
        await rows.write(batch, problems);
      },
      end: async (suspects) => {
        await rows.end();
        await this.#addSuspects(suspects);
        await this.#tellPlanner(records);
      },
    };
  }

  async judge(settings: Settings): Promise<Judgement> {
    this.#settings = settings;
    this.#planner = new Planner(this.#queries, this.#header, settings);
    await this.tx.unsafe(this.#queries.findRepeats);
    await this.tx.unsafe("analyze repeats");
    this.#plan = await this.#planner.plan(this.tx);
    return this.#plan.judgement;
  }

  async apply(importId: number): Promise<{ counts: Counts; judgement: Judgement }> {
    for (let tries = 1;; tries++) {
      try {
        return await lockPatiently(this.tx, this.patience, (attempt) => this.#carryOut(attempt, importId));
      } catch (error) {
        if (!isTaken(error) || tries === MOST_TAKEN) throw error;
        this.#plan = await this.#planner.planAgain(this.tx);
      }
    }
  }

  async foresee(): Promise<Counts> {
    const [released] = await this.tx.unsafe(this.#queries.countPermits);
    return { ...(await this.#count(this.tx)).counts, ...released };
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
    if (counts.created > 0) await tx.unsafe(createUsers, [importId]);
    if (counts.held + counts.missing_held > 0) await tx.unsafe(keepHolds, [importId]);
    const [released] = await tx.unsafe(this.#queries.releasePermits, [importId]);
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
    if (changed > 0) await tx.unsafe(noteChanges, [importId]);
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

  async #addSuspects(suspects: readonly Suspect[] | null): Promise<void> {
    if (suspects === null) return void await this.tx.unsafe(this.#queries.suspectAll);
    const whats = suspects.map(({ what }) => what), keys = suspects.map(({ key }) => key);
    await this.tx`insert into suspects select distinct * from unnest(${whats}::text[], ${keys}::text[])`;
  }

  async #tellPlanner(records: number): Promise<void> {
    await this.tx.unsafe("analyze staged (line, problems, unique_id, active), suspects, taken");
    // A table that looks empty may be filled by the very statement that loops over it.
    if (records > MANY) await this.tx`set local enable_nestloop = off`;
  }
}
