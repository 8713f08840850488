/** Reads the effects of an import from the tables of its plan. */
import {
  type Change,
  type Counts,
  type Failure,
  type KeptValue,
  noCounts,
  type Outcome,
  type StoredRecord,
} from "../../domain/outcome.ts";
import type { DryRunPlan, PlanSummary } from "../../importer/ports.ts";
import type { Tx } from "../connection/connect.ts";
import type { ImportQueries } from "./queries.ts";

export class PostgresDryRunPlan implements DryRunPlan {
  constructor(private readonly plan: { tx: Tx; queries: ImportQueries }, readonly summary: PlanSummary) {}

  async counts(): Promise<Counts> {
    const { tx, queries } = this.plan;
    const [released] = await tx.unsafe(queries.countPermits);
    const { counts } = await countPlan(tx, queries);
    return { ...counts, ...released };
  }

  async failures(limit: number): Promise<Failure[]> {
    const rows = await this.plan.tx.unsafe(`${this.plan.queries.failures} order by line limit $1`, [limit]);
    return rows.map(({ line, unique_id, problems }) => ({ line, unique_id, problems }));
  }

  async changes(limit: number): Promise<Change[]> {
    const rows = await this.plan.tx.unsafe(this.plan.queries.changes, [limit]);
    return rows.map(({ unique_id, outcome, columns }) => ({ unique_id, outcome: outcome as Outcome, columns }));
  }

  async kept(limit: number): Promise<KeptValue[]> {
    return [...await this.plan.tx.unsafe<KeptValue[]>(this.plan.queries.keptValues, [limit])];
  }

  async records(limit: number): Promise<StoredRecord[]> {
    return [...await this.plan.tx.unsafe<StoredRecord[]>(this.plan.queries.storedRecords, [limit])];
  }
}

export interface CountedPlan {
  counts: Counts;
  /** The number of users who get new values. */
  differing: number;
  /** The number of other users whose access changes, or about whom the feed now says something else. */
  moving: number;
  /** The number of users whom the feed no longer names. */
  unnamed: number;
}

export async function countPlan(tx: Tx, queries: ImportQueries): Promise<CountedPlan> {
  const [{ differing, moving, unnamed, ...counts }] = await tx.unsafe(queries.counts);
  return { counts: { ...noCounts(), ...counts }, differing, moving, unnamed };
}
