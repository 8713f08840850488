/** The end of a trial: its counts and changes are kept in the history, and no user changes. */
import type { DoneImport, PlannedTrial, PlanSummary } from "../../importer/ports.ts";
import type { Tx } from "../connection/connect.ts";
import { keepTrialChanges } from "../history/trial_changes.ts";
import { PostgresDryRunPlan } from "./dry_run_plan.ts";
import { record } from "./planned_import.ts";
import type { ImportQueries } from "./queries.ts";

interface TrialContext {
  tx: Tx;
  queries: ImportQueries;
  importId: number;
}

export class PostgresPlannedTrial extends PostgresDryRunPlan implements PlannedTrial {
  constructor(private readonly trial: TrialContext, summary: PlanSummary) {
    super(trial, summary);
  }

  async record(done: DoneImport): Promise<void> {
    const { tx, queries, importId } = this.trial;
    await keepTrialChanges(tx, importId, queries.changes);
    await record(this.trial, done);
  }
}
