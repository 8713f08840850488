/**
 * The transaction of one import in Postgres: the steps of `queries/`, in their order. It decides nothing by itself; what a
 * step does is said in its SQL file.
 */
import type { Batch } from "../importer/batch.ts";
import type { FoundProblems } from "../importer/check.ts";
import { type Change, type Counts, type Failure, noCounts, type Outcome } from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import type { Header } from "../importer/header.ts";
import type { DoneImport, ImportTransaction, StageWriter } from "../importer/ports.ts";
import type { Suspect } from "../importer/suspects.ts";
import { CopyRows } from "./copy.ts";
import type { Tx } from "./connect.ts";
import { enqueue, newMessageId } from "./outbox_store.ts";
import { type ImportQueries, importQueries } from "./queries.ts";
import { UnnestRows } from "./unnest.ts";

/** Above so many records the planner's guesses about tables it has not seen before are not to be trusted. */
const MANY = 2_000;

export class PostgresImportTransaction implements ImportTransaction {
  #queries!: ImportQueries;

  /** `copies`: the database takes COPY. */
  constructor(private readonly tx: Tx, private readonly copies: boolean) {}

  async stage(header: Header): Promise<StageWriter> {
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

  async judge(settings: Settings): Promise<void> {
    const { tx } = this;
    const { findRepeats, makePlan, findClaims, refuseTaken, dropRefused, noteArchived } = this.#queries;
    await tx.unsafe(findRepeats);
    await tx.unsafe("analyze repeats");
    await tx.unsafe(makePlan, [settings.archive_inactive_users]);
    await tx.unsafe("analyze plan");
    const claims = await tx.unsafe(findClaims);
    if (claims.count > 0) {
      await tx.unsafe("analyze claims");
      await tx.unsafe(refuseTaken);
      await tx.unsafe(dropRefused);
    }
    if (settings.archive_inactive_users) await tx.unsafe(noteArchived);
  }

  async apply(importId: number): Promise<Counts> {
    const { tx } = this;
    const { freeValues, updateUsers, createUsers, releasePermits } = this.#queries;
    const counts = await this.#count();
    if (counts.updated + counts.archived + counts.reactivated > 0) {
      await tx.unsafe(freeValues);
      await tx.unsafe(updateUsers);
    }
    if (counts.created > 0) await tx.unsafe(createUsers);
    const [released] = await tx.unsafe(releasePermits, [importId]);
    return { ...counts, ...released };
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

  async record(importId: number, { status, counts, facts, warnings, mail, finishedAt }: DoneImport): Promise<void> {
    const { tx } = this;
    if (counts.failed > 0) {
      await tx.unsafe(
        `insert into rosterd.import_failures (import_id, line, unique_id, problems)
         select $1, line, unique_id, problems from (${this.#queries.failures}) as failures`,
        [importId],
      );
    }
    const { delimiter, encoding, sha256, bytes } = facts;
    await tx`
      update rosterd.imports
      set ${
      tx({ ...counts, status, delimiter, encoding, sha256, bytes, mail: mail.state, finished_at: finishedAt } as never)
    }, warnings = ${tx.json(warnings as never)}, reason = null
      where id = ${importId}`;
    if (mail.state === "waiting") {
      await enqueue(tx, { kind: mail.kind, importId, messageId: newMessageId(mail.sender) });
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
