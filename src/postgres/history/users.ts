/** Finds users, and lists how imports have changed one of them (docs/people.md#one-person). */
import { inColumnOrder, VALUE_COLUMNS } from "../../domain/columns.ts";
import type { Change } from "../../domain/outcome.ts";
import {
  formatPlace,
  type FoundUser,
  type HistoryEntry,
  MAX_HISTORY,
  type User,
  type UserPage,
  type UserQuery,
} from "../../domain/user.ts";
import type { Sql } from "../connection/connect.ts";
import { hasSearchIndex } from "../search_index.ts";
import userQuery from "../queries/people/user.sql" with { type: "text" };
import historyQuery from "../queries/people/user_history.sql" with { type: "text" };
import { changedColumns, createdColumns, type Stored, withOutcome } from "./import_changes.ts";

const LAST_NAME = 'lower(last_name collate "C")';

/**
 * The searches, in order. Each page runs only as many searches as it needs. The first three searches use indexes that
 * imports need anyway. If the index on last names is missing (`../search_index.ts`), the last search reads the table.
 */
const SEARCHED = ["unique_id", 'lower(user_name collate "C")', 'lower(email collate "C")', LAST_NAME];

/** The last Unicode character. Text that begins with P sorts between P and P followed by this character. */
const LAST_CHARACTER = "chr(1114111)";

function begins(search: number): string {
  const prefix = search === 0 ? "$1" : 'lower($1 collate "C")';
  return `between ${prefix} and ${prefix} || ${LAST_CHARACTER}`;
}

/**
 * Without the index, the query compares the first letter first, because computing lower() for a million names takes a
 * second. With the index, this condition would mislead the planner.
 */
const MAY_BEGIN = ["lower", "upper"].map((letterCase) => {
  const first = `${letterCase}(left($1, 1) collate "C")`;
  return `last_name collate "C" between ${first} and ${first} || ${LAST_CHARACTER}`;
}).join(" or ");

/** Returns the query of one search, which excludes users whom an earlier search finds. */
function searchQuery(search: number, isContinued: boolean, readsTable: boolean): string {
  const value = SEARCHED[search];
  const earlier = SEARCHED.slice(0, search).map((other, at) => `and coalesce(${other}, '') not ${begins(at)}`);
  return `
    select key, unique_id, login_source, first_name, last_name, user_name, email,
      case when archived_at is not null then 'archived' when active then 'active' else 'disabled' end as state
    from (
      select *, ${value} as key from rosterd.users
      where ${readsTable ? `(${MAY_BEGIN}) and ` : ""}${value} ${begins(search)} ${earlier.join(" ")}
        ${isContinued ? `and ${value} >= $3 and (${value}, unique_id) > ($3, $4)` : ""}
    ) as found
    order by key, unique_id limit $2`;
}

/** Returns one page of users in the order of the searches that find them. */
export async function findUsers(sql: Sql, { q, limit, after = null }: UserQuery): Promise<UserPage> {
  const found: { search: number; key: string; user: FoundUser }[] = [];
  for (let search = after?.[0] ?? 0; search < SEARCHED.length && found.length <= limit; search++) {
    const place = after?.[0] === search ? [after[1], after[2]] : [];
    const values = [q, limit + 1 - found.length, ...place];
    const readsTable = SEARCHED[search] === LAST_NAME && !await hasSearchIndex(sql);
    const query = searchQuery(search, place.length > 0, readsTable);
    const rows = await sql.unsafe<(FoundUser & { key: string })[]>(query, values);
    found.push(...rows.map(({ key, ...user }) => ({ search, key, user })));
  }
  const page = found.slice(0, limit), last = page[page.length - 1];
  return {
    users: page.map(({ user }) => user),
    next: found.length > limit ? formatPlace([last.search, last.key, last.user.unique_id]) : null,
  };
}

const HISTORY = withOutcome(historyQuery);

/** Returns null for an unknown user. */
export async function findUser(sql: Sql, uniqueId: string): Promise<User | null> {
  const [row] = await sql.unsafe(userQuery, [uniqueId]);
  if (row === undefined) return null;
  const { stored, archived_at, permits, holds, last_failure } = row;
  return {
    unique_id: uniqueId,
    state: archived_at !== null ? "archived" : stored.active ? "active" : "disabled",
    archived_at: time(archived_at),
    inactive_since: time(row.inactive_since),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    values: Object.fromEntries(
      VALUE_COLUMNS.map(({ name, databaseName }) => [name, stored[databaseName]]),
    ),
    feeds: Object.fromEntries(
      Object.entries(stored.feeds).map(([feed, says]) => [feed, says === true ? "active" : "inactive"]),
    ),
    permits: permits.map((permit: User["permits"][number]) => ({ ...permit, released_at: utc(permit.released_at) })),
    holds,
    last_failure: last_failure === null ? null : { ...last_failure, at: utc(last_failure.at) },
    history: await historyOf(sql, uniqueId, stored),
    cleared_until: time(row.cleared_until),
  };
}

async function historyOf(sql: Sql, uniqueId: string, stored: Stored): Promise<HistoryEntry[]> {
  const rows = await sql.unsafe(HISTORY, [uniqueId, MAX_HISTORY]);
  // Working back from the newest import yields the values before each change.
  let before = stored;
  return rows.map((row): HistoryEntry => {
    const { changes, is_creation, is_cleared, was_held, decisions, undone_at } = row;
    let columns: Change["columns"] = changedColumns(changes) ?? {};
    if (is_creation) columns = is_cleared ? {} : createdColumns(before, undone_at);
    const befores = Object.entries(changes ?? {}).map(([name, pair]) => [name, (pair as Stored[string][])[0]]);
    before = { ...before, ...Object.fromEntries(befores) };
    return {
      import: row.import,
      feed: row.feed,
      file: row.file,
      at: time(row.at),
      outcome: row.outcome,
      columns: inColumnOrder(columns),
      permits_released: row.permits_released,
      undone_at: time(undone_at),
      decisions: decisions
        .filter(({ what }: HistoryEntry["decisions"][number]) => what === "undone" || was_held)
        .map(({ what, at, by }: HistoryEntry["decisions"][number]) => ({ what, at, by })),
    };
  });
}

const time = (value: Date | null) => value === null ? null : value.toISOString();

/** Converts a time from the format that PostgreSQL uses in JSON. */
const utc = (value: string | null) => value === null ? null : new Date(value).toISOString();
