/** Stores the changes that a trial would have made, for the email about the trial. */
import type { Change } from "../../domain/outcome.ts";
import type { Sql, Tx } from "../connection/connect.ts";
import { pagesOf } from "../connection/pages.ts";

/** `changes`: the query for the changes in the plan, where $1 is the maximum number of changes. */
export async function keepTrialChanges(tx: Tx, importId: number, changes: string): Promise<void> {
  await tx.unsafe(
    `insert into rosterd.trial_changes (import_id, unique_id, outcome, columns)
     select $2::bigint, unique_id, outcome, columns from (${changes}) as changes`,
    [null, importId],
  );
}

export async function* allTrialChanges(sql: Sql, importId: number): AsyncGenerator<Change[]> {
  const rows = sql<Change[]>`
    select unique_id, outcome, columns from rosterd.trial_changes where import_id = ${importId} order by unique_id`;
  yield* pagesOf(rows.cursor(1_000));
}
