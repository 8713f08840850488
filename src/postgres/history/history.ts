/** Reads the history of imports for HTTP and the command line (docs/http.md#imports). */
import type postgres from "postgres";
import {
  IMPORT_STATUSES,
  importEntry,
  type ImportQuery,
  type ImportStatus,
  type LastingFailure,
  type LastingFailures,
  type LastingQuery,
  type Outcome,
  OUTCOMES,
} from "../../domain/outcome.ts";
import type { HeldColumn, Hold } from "../../domain/decision.ts";
import type { ImportEntry, PastFailure } from "../../importer/ports.ts";
import type { Sql } from "../connection/connect.ts";
import { APPLIED } from "./applied.ts";
import { settingsColumn } from "./import_settings.ts";

const NO_FILTER = { before: null, status: null, since: null, until: null, file: null, feed: null };

export async function listImports(
  sql: Sql,
  { limit, ...filter }: ImportQuery,
): Promise<{ imports: ImportEntry[]; next: number | null }> {
  const { before, status, since, until, file, feed } = { ...NO_FILTER, ...filter };
  const rows = await sql`
    select *, ${settingsColumn(sql)} from rosterd.imports
    where (${before}::bigint is null or id < ${before}) and (${status}::text is null or status = ${status})
      and (${since}::timestamptz is null or started_at >= ${since})
      and (${until}::timestamptz is null or started_at < ${until})
      and (${file}::text is null or strpos(lower(file), lower(${file})) > 0)
      and (${feed}::text is null or feed = ${feed})
    order by id desc limit ${limit + 1}`;
  const imports = rows.slice(0, limit).map(toEntry);
  return { imports, next: rows.length > limit ? imports[imports.length - 1].id : null };
}

export async function findImport(sql: Sql, id: number): Promise<ImportEntry | null> {
  const [row] = await sql`select *, ${settingsColumn(sql)} from rosterd.imports where id = ${id}`;
  return row === undefined ? null : toEntry(row);
}

const ISO = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"';

/**
 * Returns the select list for a {@link PastFailure} from `import_failures as f`. Failures from earlier versions of
 * rosterd have no `since`.
 */
export function failureColumns(sql: postgres.ISql) {
  return sql`line, unique_id, problems, to_char(
    coalesce(since, (select started_at from rosterd.imports where id = f.import_id)) at time zone 'UTC', ${ISO}::text
  ) as since`;
}

/** Returns one page of failures in line order, or null for an unknown import. */
export async function listFailures(
  sql: Sql,
  id: number,
  { limit, after = null }: { limit: number; after?: number | null },
): Promise<{ failures: PastFailure[]; next: number | null } | null> {
  const [found] = await sql`select id from rosterd.imports where id = ${id}`;
  if (found === undefined) return null;
  const rows = await sql<PastFailure[]>`
    select ${failureColumns(sql)} from rosterd.import_failures as f
    where import_id = ${id} and (${after}::bigint is null or line > ${after})
    order by line limit ${limit + 1}`;
  const failures = [...rows.slice(0, limit)];
  return { failures, next: rows.length > limit ? failures[failures.length - 1].line : null };
}

/**
 * Lists records that have failed in the same way for at least `nights` nights and whose users have not appeared in any
 * later file.
 */
export async function listFailing(sql: Sql, { nights, zone, limit }: LastingQuery): Promise<LastingFailures> {
  const rows = await sql<(LastingFailure & { total: number })[]>`
    select ${failureColumns(sql)}, f.import_id as import, i.feed, count(*) over () as total,
      coalesce(u.name, f.name) as name, u.is_user is not null as is_user
    from rosterd.import_failures as f
    join rosterd.imports as i on i.id = f.import_id
    left join lateral (
      select nullif(concat_ws(' ', first_name, last_name), '') as name, true as is_user
      from rosterd.users where unique_id = f.unique_id collate "C"
    ) as u on true
    where f.open_feed is not null
      and (i.started_at at time zone ${zone})::date - (f.since at time zone ${zone})::date >= ${nights - 1}::int
    order by f.since, f.import_id, f.line limit ${limit}`;
  return { failures: rows.map(({ total: _, ...failure }) => failure), total: rows[0]?.total ?? 0 };
}

/** Notifies other programs of an import, as part of the statement that ends it (docs/database.md#notifications). */
export function notifying(sql: postgres.ISql) {
  return sql`pg_notify('rosterd', json_build_object('import', id, 'feed', feed, 'status', status)::text)`;
}

const time = (value: Date | null) => value === null ? null : value.toISOString();

export function toEntry(row: Record<string, unknown>): ImportEntry {
  const names = Object.keys(importEntry.shape);
  const values = names.map((name) => [name, row[name] instanceof Date ? time(row[name]) : row[name]]);
  const hold = row.hold_state === null ? null : {
    kind: row.hold_kind ?? "access",
    state: row.hold_state,
    reason: row.hold_reason,
    losses: row.hold_losses,
    // Only clerks and admins may see the examples.
    columns: (row.hold_columns as HeldColumn[]).map(({ examples: _, ...column }) => column),
    ended_at: time(row.hold_ended_at as Date | null),
    ended_by: row.hold_ended_by,
  };
  return { ...Object.fromEntries(values), hold } as ImportEntry;
}

/** Returns the times when a feed's last import finished and when rosterd was installed. */
export async function lastImportAt(sql: Sql, feed: string): Promise<{ last: Date | null; installed: Date }> {
  const [row] = await sql<{ last: Date | null; installed: Date }[]>`
    select (select max(finished_at) from rosterd.imports where feed = ${feed} and status <> 'error') as last,
      (select min(applied_at) from rosterd.migrations) as installed`;
  return row;
}

export interface OpenHold {
  id: number;
  kind: Hold["kind"];
  feed: string;
  file: string;
  users: number;
}

/**
 * Returns a value that changes within seconds of any change that a process makes to the history or the outbox. The
 * value is computed from statistics, without reading a table.
 */
export async function historyVersion(sql: Sql): Promise<string> {
  const [{ version }] = await sql<{ version: string }[]>`
    select sum(
      pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid)
    )::text as version
    from unnest(array[to_regclass('rosterd.imports'), to_regclass('rosterd.outbox')]) as oid`;
  return version;
}

/** The last finished import of a feed. */
export interface LastImport {
  id: number;
  file: string;
  status: ImportStatus;
  records: number;
  failed: number;
  finished_at: string;
}

export interface FeedTotals {
  imports: Record<ImportStatus, number>;
  outcomes: Record<Outcome, number>;
  permitsReleased: number;
  openHolds: number;
  heldUsers: number;
  lastSuccessAt: string | null;
  last: LastImport | null;
  /** The users whom the feed calls inactive and who are waiting to be archived, longest wait first. */
  waiting: Waiting[];
}

/**
 * A group of users who have been waiting to be archived since the same time. `first`: up to {@link MAX_WAITING_NAMED}
 * of these users.
 */
export interface Waiting {
  since: string;
  users: number;
  first: string[];
}

export interface Totals {
  mailsWaiting: number;
  /** When the next email will be sent; null if no email is waiting. */
  nextMailAt: string | null;
  openHolds: number;
  /** The first {@link MAX_HOLDS_NAMED} open holds. */
  holds: OpenHold[];
  lastImportAt: string | null;
  /** The id of the last import; 0 if the history is empty. */
  lastImportId: number;
  /** The totals of every feed in the history, by name. */
  feeds: Record<string, FeedTotals>;
}

export const NO_TOTALS: Totals = {
  mailsWaiting: 0,
  nextMailAt: null,
  openHolds: 0,
  holds: [],
  lastImportAt: null,
  lastImportId: 0,
  feeds: {},
};

const MAX_HOLDS_NAMED = 100;
export const MAX_WAITING_NAMED = 100;

export async function readTotals(sql: Sql): Promise<Totals> {
  const [row] = await sql<
    { waiting: number; next: Date | null; holds: number; last: Date | null; id: number }[]
  >`
    select
      (select count(*) from rosterd.outbox where sent_at is null and gave_up_at is null) as waiting,
      (select min(next_try_at) from rosterd.outbox where sent_at is null and gave_up_at is null) as next,
      (select count(*) from rosterd.imports where hold_state = 'open') as holds,
      (select max(finished_at) from rosterd.imports) as last,
      (select coalesce(max(id), 0) from rosterd.imports) as id`;
  const holds = await sql<OpenHold[]>`
    select id, coalesce(hold_kind, 'access') as kind, feed, file, held + missing_held as users
    from rosterd.imports where hold_state = 'open' order by id limit ${MAX_HOLDS_NAMED}`;
  return {
    mailsWaiting: row.waiting,
    nextMailAt: time(row.next),
    openHolds: row.holds,
    holds: [...holds],
    lastImportAt: time(row.last),
    lastImportId: row.id,
    feeds: await readFeeds(sql),
  };
}

export function noFeedTotals(): FeedTotals {
  return {
    imports: Object.fromEntries(IMPORT_STATUSES.map((status) => [status, 0])) as Record<ImportStatus, number>,
    outcomes: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>,
    permitsReleased: 0,
    openHolds: 0,
    heldUsers: 0,
    lastSuccessAt: null,
    last: null,
    waiting: [],
  };
}

async function readFeeds(sql: Sql): Promise<Record<string, FeedTotals>> {
  const sums = OUTCOMES.map((outcome) => `coalesce(sum(${outcome}), 0)::bigint as ${outcome}`).join(", ");
  const rows = await sql.unsafe(`
    select feed, status, count(*) as imports, ${sums}, coalesce(sum(permits_released), 0)::bigint as permits_released,
      count(*) filter (where hold_state = 'open') as open_holds,
      coalesce(sum(held + missing_held) filter (where hold_state = 'open'), 0)::bigint as held_users,
      max(finished_at) filter (where ${APPLIED}) as succeeded
    from rosterd.imports group by feed, status`);
  const feeds = new Map<string, FeedTotals>();
  for (const { feed, status, imports, permits_released, open_holds, held_users, succeeded, ...row } of rows) {
    const totals = feeds.get(feed) ?? noFeedTotals();
    totals.imports[status as ImportStatus] = imports;
    // A trial does not change users.
    if (status !== "checked") { for (const outcome of OUTCOMES) totals.outcomes[outcome] += row[outcome]; }
    totals.permitsReleased += status === "checked" ? 0 : permits_released;
    totals.openHolds += open_holds;
    totals.heldUsers += held_users;
    totals.lastSuccessAt = latest(totals.lastSuccessAt, time(succeeded));
    feeds.set(feed, totals);
  }
  const lasts = await sql<(Omit<LastImport, "finished_at"> & { feed: string; finished_at: Date })[]>`
    select distinct on (feed) feed, id, file, status, records, failed, finished_at
    from rosterd.imports where finished_at is not null order by feed, finished_at desc, id desc`;
  for (const { feed, finished_at, ...last } of lasts) {
    const totals = feeds.get(feed);
    if (totals !== undefined) totals.last = { ...last, finished_at: finished_at.toISOString() };
  }
  for (const { feed, since, users, first } of await readWaiting(sql)) {
    const totals = feeds.get(feed) ?? noFeedTotals();
    totals.waiting.push({ since: since.toISOString(), users, first });
    feeds.set(feed, totals);
  }
  return Object.fromEntries(feeds);
}

async function readWaiting(sql: Sql): Promise<{ feed: string; since: Date; users: number; first: string[] }[]> {
  return await sql<{ feed: string; since: Date; users: number; first: string[] }[]>`
    select said.feed, inactive_since as since, count(*) as users,
      (array_agg(unique_id::text order by unique_id))[1:${MAX_WAITING_NAMED}::integer] as first
    from rosterd.users cross join lateral jsonb_each(feeds) as said (feed, word)
    where inactive_since is not null and not active and archived_at is null and word = 'false'
    group by said.feed, inactive_since order by said.feed, inactive_since`;
}

function latest(one: string | null, other: string | null): string | null {
  return one === null || (other !== null && other > one) ? other : one;
}
