/** Ends a trial: stores its counts and changes in the history, without changing any users. */
import type { Counts } from "../../domain/outcome.ts";
import type { DoneImport, FailureNews, ImportEntry, PlannedTrial, PlanSummary } from "../../importer/ports.ts";
import { keepTrialChanges } from "../history/trial_changes.ts";
import { PostgresDryRunPlan } from "./dry_run_plan.ts";
import { keepFailures } from "./failure_news.ts";
import { comparedImport, record } from "./planned_import.ts";
import type { StagingContext } from "./staging.ts";

interface TrialContext extends StagingContext {
  importId: number;
}

export class PostgresPlannedTrial extends PostgresDryRunPlan implements PlannedTrial {
  constructor(private readonly trial: TrialContext, summary: PlanSummary) {
    super(trial, summary);
  }

  keepFailures(counts: Counts): Promise<FailureNews> {
    return keepFailures(comparedImport(this.trial, this.trial.importId), counts);
  }

  async record(done: DoneImport): Promise<ImportEntry> {
    const { tx, queries, importId } = this.trial;
    await keepTrialChanges(tx, importId, queries.changes);
    return await record(this.trial, done);
  }
}
