/** Decides whether to hold a file that changes a column for most users (docs/people.md#change-guard). */
import { counted, grouped } from "../runtime/grouped.ts";
import type { HeldColumn } from "./decision.ts";
import { type Guard, guards } from "./guard.ts";

/**
 * A column, and the number of known users whose value in that column the file would overwrite or clear.
 */
export type ColumnLosses = Pick<HeldColumn, "column" | "users">;

/**
 * Returns the columns that exceed the limits. Columns with the most affected users come first. `waived` lists the
 * columns that an admin has approved for this file.
 */
export function columnsToHold<T extends ColumnLosses>(
  guard: Guard,
  knownUsers: number,
  losses: readonly T[],
  waived: readonly string[],
): T[] {
  if (!guards(guard)) return [];
  return losses.filter(({ column, users }) =>
    !waived.includes(column) && users > guard.min_users && users * 100 > knownUsers * guard.max_percent
  ).toSorted((one, other) => other.users - one.users);
}

const MAX_COLUMNS_NAMED = 5;

/** The reason for the hold, without a final period. */
export function reasonToHoldFile(
  { max_percent, min_users }: Guard,
  columns: readonly Omit<HeldColumn, "examples">[],
): string {
  const [{ column, users, known_users }, ...others] = columns.slice(0, MAX_COLUMNS_NAMED);
  const more = columns.length - MAX_COLUMNS_NAMED;
  const named = [
    `${column} would change for ${grouped(users)} of the ${grouped(known_users)} known users in the file`,
    ...others.map(({ column, users }) => `${column} for ${grouped(users)}`),
    ...(more > 0 ? [`and ${counted(more, "more column")}`] : []),
  ];
  return `${named.join(", ")}: more than ${max_percent} percent and more than ${grouped(min_users)} users`;
}
