/**
 * The transaction of one import in Postgres: the steps of `queries/`, in their order. What a step does is said in its SQL file;
 * what the guard decides on the plan, in `../domain/guard.ts`.
 */
import type { Batch } from "../importer/batch.ts";
import type { FoundProblems } from "../importer/check.ts";
import { guards, type Losses, reasonToHold } from "../domain/guard.ts";
import { type Change, type Counts, type Failure, noCounts, type Outcome, type Warning } from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import type { Header } from "../importer/header.ts";
import type { DoneImport, ImportTransaction, Judgement, StageWriter } from "../importer/ports.ts";
import type { Suspect } from "../importer/suspects.ts";
import { notWholeWarning } from "../importer/warnings.ts";
import { CopyRows } from "./copy.ts";
import type { Tx } from "./connect.ts";
import { lockPatiently } from "./lock.ts";
import { enqueue, newMessageId } from "./outbox_store.ts";
import { type ImportQueries, importQueries } from "./queries.ts";
import { UnnestRows } from "./unnest.ts";

/** Above so many records the planner's guesses about tables it has not seen before are not to be trusted. */
const MANY = 2_000;

/** So often the plan is made anew because another program changed a user in it. */
const MOST_PLANS = 20;

/** Another program changes users faster than a plan can be made of them. */
export class NeverStill extends Error {
  override readonly name = "NeverStill";
  readonly code = "users_change";
  constructor() {
    super("other programs keep changing the users of this roster");
  }
}

export class PostgresImportTransaction implements ImportTransaction {
  #queries!: ImportQueries;
  #header!: Header;
  #settings!: Settings;
  #judgement!: Judgement;

  /** `copies`: the database takes COPY. `signal` ends the waiting for rows that others have locked. */
  constructor(private readonly tx: Tx, private readonly copies: boolean, private readonly signal: AbortSignal) {}

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
    await this.tx.unsafe(this.#queries.findRepeats);
    await this.tx.unsafe("analyze repeats");
    this.#judgement = await this.#plan();
    return this.#judgement;
  }

  async apply(importId: number): Promise<{ counts: Counts; judgement: Judgement }> {
    const { tx } = this;
    const { freeValues, updateUsers, createUsers, releasePermits, keepHolds } = this.#queries;
    await this.#settle();
    const counts = await this.#count();
    await this.#noteChanges(importId, counts);
    if (counts.updated + counts.archived + counts.reactivated + counts.held > 0) {
      await tx.unsafe(freeValues);
      await tx.unsafe(updateUsers);
    }
    if (counts.missing_archived > 0) await tx.unsafe(this.#queries.archiveMissing);
    if (counts.created > 0) await tx.unsafe(createUsers, [importId]);
    if (counts.held + counts.missing_held > 0) await tx.unsafe(keepHolds, [importId]);
    const [released] = await tx.unsafe(releasePermits, [importId]);
    return { counts: { ...counts, ...released }, judgement: this.#judgement };
  }

  async foresee(): Promise<Counts> {
    const [released] = await this.tx.unsafe(this.#queries.countPermits);
    return { ...await this.#count(), ...released };
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
    await tx`
      update rosterd.imports
      set ${tx({ ...known, finished_at: finishedAt } as never)}, warnings = ${tx.json(warnings as never)}, reason = null
      where id = ${importId}`;
    if (mail.state === "waiting") {
      await enqueue(tx, { kind: mail.kind, importId, messageId: newMessageId(mail.sender) });
    }
  }

  /** Decides what would happen, without doing it. */
  async #plan(): Promise<Judgement> {
    const { makePlan, findClaims, refuseTaken, dropRefused, noteArchived } = this.#queries;
    const { archive_inactive_users, missing_users } = this.#settings;
    const { tx } = this;
    await tx.unsafe(makePlan, [archive_inactive_users, missing_users === "archive"]);
    await tx.unsafe("analyze plan");
    const claims = await tx.unsafe(findClaims);
    if (claims.count > 0) {
      await tx.unsafe("analyze claims");
      await tx.unsafe(refuseTaken);
      await tx.unsafe(dropRefused);
    }
    const warnings = missing_users === "archive" ? await this.#findMissing() : [];
    const hold = await this.#reasonToHold();
    if (hold !== null) await tx.unsafe(this.#queries.holdLosses);
    await tx.unsafe(noteArchived);
    return { warnings, hold };
  }

  /** Who is absent from the roster; nobody, when it is not surely whole. */
  async #findMissing(): Promise<Warning[]> {
    const [{ unreadable, first_line, applies }] = await this.tx.unsafe(this.#queries.findUnreadable);
    const warning = notWholeWarning({
      own: this.#header.own.length > 0,
      unreadable,
      firstLine: first_line,
      applies,
    });
    if (warning !== null) return [warning];
    await this.tx.unsafe(this.#queries.findMissing);
    await this.tx.unsafe("analyze missing");
    return [];
  }

  /** Asks the guard; null when everything may happen. */
  async #reasonToHold(): Promise<string | null> {
    const { archive_guard } = this.#settings;
    if (!guards(archive_guard)) return null;
    const losses = await this.tx.unsafe<Omit<Losses, "active">[]>(this.#queries.countLosses);
    const all = losses.find(({ login_source }) => login_source === null);
    if (all === undefined || all.losing === 0) return null;
    const [open] = await this.tx`select min(id) as id from rosterd.imports where hold_state = 'open'`;
    const active = await this.tx.unsafe<Pick<Losses, "login_source" | "active">[]>(this.#queries.countActive);
    const activeOf = new Map(active.map((row) => [row.login_source, row.active]));
    const weighed = losses.map((one) => ({ ...one, active: activeOf.get(one.login_source) ?? 0 }));
    return reasonToHold(archive_guard, open.id, weighed);
  }

  /** Locks the users of the plan; when one of them is no longer as the plan saw it, plans anew. */
  async #settle(): Promise<void> {
    for (let plans = 1; await this.#isStale(); plans++) {
      if (plans === MOST_PLANS) throw new NeverStill();
      await this.tx.unsafe("truncate plan, claims, taken, missing, archived");
      this.#judgement = await this.#plan();
    }
  }

  async #isStale(): Promise<boolean> {
    const { lockUsers, lockPermits } = this.#queries;
    return await lockPatiently(this.tx, this.signal, async (tx) => {
      const [{ stale }] = await tx.unsafe(lockUsers);
      // One answer for each permit would fill the memory.
      await tx.unsafe(`select count(*) from (${lockPermits}) as locked`);
      return stale;
    });
  }

  async #noteChanges(importId: number, counts: Counts): Promise<void> {
    const { noteChanges, noteMissing, noteOtherwise } = this.#queries;
    const changed = counts.updated + counts.archived + counts.reactivated + counts.held;
    if (changed > 0) await this.tx.unsafe(noteChanges, [importId]);
    if (counts.missing_archived > 0) await this.tx.unsafe(noteMissing, [importId]);
    const [open] = await this.tx`select from rosterd.imports where hold_state = 'open' limit 1`;
    if (open !== undefined) {
      await this.tx.unsafe(noteOtherwise, [importId, this.#settings.archive_inactive_users]);
    }
  }

  async #count(): Promise<Counts> {
    const [counts] = await this.tx.unsafe(this.#queries.counts);
    return { ...noCounts(), ...counts };
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
