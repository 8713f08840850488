/** Runs the steps of one import or dry run in its transaction. Each SQL file in `queries/` explains its step. */
import { feedsOf } from "../../domain/feed_settings.ts";
import type { Approved } from "../../domain/decision.ts";
import type {
  Approval,
  DryRun,
  DryRunPlan,
  FeedSettings,
  ImportEntry,
  ImportTransaction,
  PlannedImport,
  PlannedTrial,
  PlanSummary,
  StageOptions,
  Staging,
} from "../../importer/ports.ts";
import { storedDefaults } from "../../importer/checks/valid_settings.ts";
import { oldIdPosition } from "../../importer/checks/header.ts";
import type { Roster } from "../../importer/csv/roster.ts";
import { createUnchangedCache } from "../../importer/digests/unchanged_cache.ts";
import type { Session, Tx } from "../connection/connect.ts";
import { IN_EFFECT } from "../history/applied.ts";
import { beginApproval, endApproval } from "../history/file_holds.ts";
import type { GreatestId } from "./import_ids.ts";
import type { LockWait } from "./lock.ts";
import { Planner } from "./planner.ts";
import { PostgresDryRunPlan } from "./dry_run_plan.ts";
import { PostgresPlannedImport } from "./planned_import.ts";
import { PostgresPlannedTrial } from "./planned_trial.ts";
import { importQueries, importTables, withValues } from "./queries.ts";
import { PostgresStaging, type StagingContext } from "./staging.ts";
import { UnchangedStore } from "./unchanged_store.ts";

interface TransactionContext {
  tx: Tx;
  session: Session;
  copies: boolean;
}

export class PostgresImportTransaction implements ImportTransaction {
  constructor(
    private readonly context: TransactionContext & { greatestId: GreatestId },
    private readonly lockWait: LockWait,
  ) {}

  async stage(importId: number, roster: Roster, of: StageOptions, bytes: number): Promise<Staging<PlannedImport>> {
    const { lockWait, context: { tx } } = this, { header, delimiter } = roster, { settings } = of;
    const context = await stagingContext(this.context, roster, of);
    const unchanged = new UnchangedStore(tx, of.feed, createUnchangedCache(delimiter, header, settings));
    const staging = await PostgresStaging.begin<PlannedImport>(
      context,
      importId,
      unchanged,
      async (staged, findings) => {
        const planner = new Planner(context, unchanged);
        const plan = await planner.plan(tx, staged, findings);
        return new PostgresPlannedImport({ ...context, ...staged, lockWait, importId, planner, unchanged }, plan);
      },
    );
    await unchanged.load(bytes);
    return staging;
  }

  async trial(importId: number, roster: Roster, of: FeedSettings): Promise<Staging<PlannedTrial>> {
    return await stageWithoutApplying(
      await stagingContext(this.context, roster, of),
      (context, summary) => new PostgresPlannedTrial({ ...context, importId }, summary),
    );
  }

  beginApproval(approval: Approval): Promise<number> {
    return beginApproval(this.context.tx, approval, this.context.greatestId);
  }

  endApproval(approval: Approval, entry: ImportEntry): Promise<Approved> {
    return endApproval(this.context.tx, approval, entry);
  }

  earlierWithSameContent(feed: string, sha256: string): Promise<{ id: number; startedAt: Date } | null> {
    return findSameContent(this.context.tx, feed, sha256);
  }
}

export class PostgresDryRun implements DryRun {
  constructor(private readonly context: TransactionContext) {}

  async stage(roster: Roster, of: FeedSettings): Promise<Staging<DryRunPlan>> {
    return await stageWithoutApplying(
      await stagingContext(this.context, roster, of),
      (context, summary) => new PostgresDryRunPlan(context, summary),
    );
  }

  earlierWithSameContent(feed: string, sha256: string): Promise<{ id: number; startedAt: Date } | null> {
    return findSameContent(this.context.tx, feed, sha256);
  }
}

/** Stages every record, but changes no users. `planned` wraps the plan. */
async function stageWithoutApplying<Planned>(
  context: StagingContext,
  planned: (context: StagingContext, summary: PlanSummary) => Planned,
): Promise<Staging<Planned>> {
  return await PostgresStaging.begin<Planned>(context, null, null, async (staged, findings) => {
    const { summary } = await new Planner(context, null).plan(context.tx, staged, findings);
    return planned(context, summary);
  });
}

const SAME_CONTENT = `
  with applied as (
    select id, started_at, sha256 from rosterd.imports
    where feed = $1 and ${IN_EFFECT}
  )
  select id, started_at as "startedAt", id = (select max(id) from applied) as "isLatest"
  from applied where sha256 = $2 order by id desc limit 1`;

async function findSameContent(
  tx: Tx,
  feed: string,
  sha256: string,
): Promise<{ id: number; startedAt: Date } | null> {
  const [latest] = await tx.unsafe<{ id: number; startedAt: Date; isLatest: boolean }[]>(
    withValues(SAME_CONTENT, feed, sha256),
  );
  return latest === undefined || latest.isLatest ? null : { id: latest.id, startedAt: latest.startedAt };
}

async function stagingContext(
  { tx, session, copies }: TransactionContext,
  { header }: Roster,
  { feed, settings, waived = [] }: StageOptions,
): Promise<StagingContext> {
  const defaults = storedDefaults(settings);
  const queries = importQueries(header.present.map(({ column }) => column), {
    ...settings,
    defaults,
    feed,
    feeds: feedsOf(settings),
    hasOldIds: oldIdPosition(header) >= 0,
  });
  await createTables(tx, session);
  return { tx, copies, header, feed, settings, waived, defaults, queries };
}

/**
 * Creates the tables of an import once for each session, because creating them takes longer than importing a small
 * file. Through a pooler, other clients could see the tables, which therefore last only as long as the transaction.
 */
async function createTables(tx: Tx, session: Session): Promise<void> {
  if (session.isOwn && session.hasTables) return;
  await tx.unsafe(importTables(session.isOwn ? "delete rows" : "drop"));
  session.hasTables = session.isOwn;
}
