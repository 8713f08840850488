/**
 * The transaction of one import in Postgres: the steps of `queries/`, in their order. What a step does is said in its SQL file;
 * what the guard decides on the plan, in `../domain/guard.ts`.
 */
import type { Settings } from "../../domain/settings.ts";
import type { DryRun, DryRunPlan, ImportTransaction, PlannedImport, Staging } from "../../importer/ports.ts";
import type { Roster } from "../../importer/csv/roster.ts";
import { canSkip, createUnchangedCache } from "../../importer/digests/unchanged_cache.ts";
import type { Tx } from "../connection/connect.ts";
import type { LockPatience } from "./lock.ts";
import { Planner } from "./planner.ts";
import { PostgresForecast } from "./dry_run_plan.ts";
import { PostgresPlannedImport } from "./planned_import.ts";
import { importQueries } from "./queries.ts";
import { PostgresStaging, type StagingContext } from "./staging.ts";
import { UnchangedStore } from "./unchanged_store.ts";

export class PostgresImportTransaction implements ImportTransaction {
  /** `copies`: the database takes COPY. `patience` with other programs, once rows have to be locked. */
  constructor(private readonly tx: Tx, private readonly copies: boolean, private readonly patience: LockPatience) {}

  async stage(importId: number, roster: Roster, settings: Settings, bytes: number): Promise<Staging<PlannedImport>> {
    const { tx, copies, patience } = this, { header, delimiter } = roster;
    const context = await makeTables(tx, copies, roster, settings);
    const cache = canSkip(settings) ? createUnchangedCache(delimiter, header, settings) : null;
    const unchanged = new UnchangedStore(tx, cache);
    const staging = await PostgresStaging.begin<PlannedImport>(context, importId, cache, async (staged) => {
      const planner = new Planner(context);
      const plan = await planner.plan(tx, staged.hasSuspects);
      return new PostgresPlannedImport({ ...context, ...staged, patience, importId, planner, unchanged }, plan);
    });
    await unchanged.load(bytes);
    return staging;
  }

  earlierWithSameContent(sha256: string): Promise<{ id: number; startedAt: Date } | null> {
    return findSameContent(this.tx, sha256);
  }
}

export class PostgresRehearsal implements DryRun {
  constructor(private readonly tx: Tx, private readonly copies: boolean) {}

  async stage(roster: Roster, settings: Settings): Promise<Staging<DryRunPlan>> {
    const context = await makeTables(this.tx, this.copies, roster, settings);
    return await PostgresStaging.begin<DryRunPlan>(context, null, null, async ({ hasSuspects }) => {
      const { judgement } = await new Planner(context).plan(this.tx, hasSuspects);
      return new PostgresForecast(context, judgement);
    });
  }

  earlierWithSameContent(sha256: string): Promise<{ id: number; startedAt: Date } | null> {
    return findSameContent(this.tx, sha256);
  }
}

async function findSameContent(tx: Tx, sha256: string): Promise<{ id: number; startedAt: Date } | null> {
  const [latest] = await tx<{ id: number; startedAt: Date; isLatest: boolean }[]>`
    with applied as (
      select id, started_at, sha256 from rosterd.imports
      where status in ('done', 'failed_records', 'held') and undone_at is null
    )
    select id, started_at as "startedAt", id = (select max(id) from applied) as "isLatest"
    from applied where sha256 = ${sha256} order by id desc limit 1`;
  return latest === undefined || latest.isLatest ? null : { id: latest.id, startedAt: latest.startedAt };
}

async function makeTables(tx: Tx, copies: boolean, { header }: Roster, settings: Settings): Promise<StagingContext> {
  const queries = importQueries(header.present.map(({ column }) => column));
  await tx.unsafe(queries.stage);
  return { tx, copies, header, settings, queries };
}
