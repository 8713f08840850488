/** Lists the changes of an import, user by user (docs/people.md#what-an-import-changed). */
import { COLUMNS, inColumnOrder } from "../../domain/columns.ts";
import type { Change, ChangePage, ChangeQuery, ImportChange } from "../../domain/outcome.ts";
import type { Sql } from "../connection/connect.ts";
import importChanges from "../queries/people/import_changes.sql" with { type: "text" };

/**
 * The outcome of an import for one user. `c`: the recorded changes. `h`: the hold, if the archive guard held the user.
 */
const OUTCOME = `case
  when c.changes -> 'archived_at' ->> 1 is not null then 'archived'
  when c.changes ? 'archived_at' then 'reactivated'
  when h.unique_id is not null and not coalesce(c.changes ? 'active', false) then 'held'
  else 'updated'
end`;

export function withOutcome(query: string): string {
  return query.replace("{{outcome}}", OUTCOME);
}

const IMPORT_CHANGES = withOutcome(importChanges);

/** A user's values by column of `rosterd.users`. */
export type Stored = Record<string, string | boolean | null>;

/** Returns one page of users, ordered by unique_id, or null for an unknown import. */
export async function listChanges(
  sql: Sql,
  id: number,
  { limit, after = null, outcome = null }: ChangeQuery,
): Promise<ChangePage | null> {
  const [found] = await sql<{ cleared_at: Date | null; undone_at: Date | null }[]>`
    select cleared_at, undone_at from rosterd.imports where id = ${id}`;
  if (found === undefined) return null;
  if (found.cleared_at !== null) return { changes: [], cleared_at: found.cleared_at.toISOString(), next: null };
  const rows = await sql.unsafe(IMPORT_CHANGES, [id, after, limit + 1, outcome]);
  const changes = rows.slice(0, limit).map((row): ImportChange => ({
    unique_id: row.unique_id,
    outcome: row.outcome,
    columns: inColumnOrder(row.columns ?? changedColumns(row.changes) ?? createdColumns(row.created, found.undone_at)),
    permits_released: row.permits_released,
  }));
  return { changes, cleared_at: null, next: rows.length > limit ? changes[changes.length - 1].unique_id : null };
}

/**
 * Returns the changes by roster column. Leaves out `archived_at`, which is not a roster column; the outcome shows
 * whether it changed.
 */
export function changedColumns(changes: Record<string, [Stored[string], Stored[string]]> | null) {
  if (changes === null) return null;
  const columns: Change["columns"] = {};
  for (const { name, databaseName } of COLUMNS) {
    const pair = changes[databaseName];
    if (pair !== undefined) columns[name] = [asText(pair[0]), asText(pair[1])];
  }
  // `merged_into` names the user into whom the import merged this user. Rosters have no such column.
  if (changes.merged_into !== undefined) columns.merged_into = [null, asText(changes.merged_into[1])];
  return columns;
}

/** Returns the values that a new user was created with. After an undo, the original value of `active` is unknown. */
export function createdColumns(created: Stored, undoneAt: Date | null): Change["columns"] {
  const columns: Change["columns"] = {};
  for (const { name, databaseName, kind } of COLUMNS) {
    const value = asText(created[databaseName]);
    if (value === null || kind === "unique_id" || (kind === "flag" && undoneAt !== null)) continue;
    columns[name] = [null, value];
  }
  return columns;
}

/** Returns the value as it would appear in a roster. */
function asText(value: Stored[string]): string | null {
  return typeof value === "boolean" ? (value ? "1" : "0") : value;
}

/** The page size for a whole file. Pages are large, because each one repeats the search for created users. */
const PAGE_OF_A_FILE = 10_000;

/** Yields all changes of an import, page by page. `load` returns one page. */
export async function* allChanges(
  load: (query: ChangeQuery) => Promise<ChangePage | null>,
  limit = PAGE_OF_A_FILE,
): AsyncGenerator<ImportChange[]> {
  for (let after: string | null = null;;) {
    const page: ChangePage | null = await load({ limit, after });
    if (page === null) return;
    yield page.changes;
    if (page.next === null) return;
    after = page.next;
  }
}
