/** Compares the changes in a plan with the limits of the change guard (docs/people.md#change-guard). */
import { columnsToHold, reasonToHoldFile } from "../../domain/change_guard.ts";
import { MAX_HELD_EXAMPLES } from "../../domain/decision.ts";
import { type Guard, guards } from "../../domain/guard.ts";
import type { HeldChanges } from "../../domain/outcome.ts";
import type { Tx } from "../connection/connect.ts";
import { VALUE_COLUMNS } from "../../domain/columns.ts";
import { type ImportQueries, withValues } from "./queries.ts";

export interface Weighing {
  queries: ImportQueries;
  guard: Guard;
  /** The columns that an admin has approved for this file. */
  waived: readonly string[];
  /** The number of records, all of known users, that were skipped because of the unchanged-record cache. */
  skipped: number;
}

/** Returns why the change guard holds the file, and the columns; null if the file passes. */
export async function weighChanges(
  tx: Tx,
  { queries, guard, waived, skipped }: Weighing,
): Promise<HeldChanges | null> {
  if (!guards(guard)) return null;
  const counted = await tx.unsafe<{ name: string; users: number }[]>(withValues(queries.countChanges, guard.min_users));
  if (counted.length === 0) return null;
  const [{ users }] = await tx.unsafe(queries.countKnown), known = users + skipped;
  const losses = VALUE_COLUMNS.flatMap(({ name: column, databaseName: name }) =>
    counted.filter((one) => one.name === name).map(({ users }) => ({ name, column, users }))
  );
  const held = columnsToHold(guard, known, losses, waived);
  if (held.length === 0) return null;
  const examples = await tx.unsafe<{ name: string; unique_id: string; before: string; after: string | null }[]>(
    queries.changeExamples,
    [JSON.stringify(held.map(({ name }) => name)), MAX_HELD_EXAMPLES],
  );
  const columns = held.map(({ name, column, users }) => ({
    column,
    users,
    known_users: known,
    examples: examples.filter((one) => one.name === name).map(({ name: _, ...example }) => example),
  }));
  return { reason: reasonToHoldFile(guard, columns), columns };
}
