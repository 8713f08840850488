/** Computes the totals of each day's imports (docs/http.md#days). */
import type { Day, DaysQuery } from "../../domain/day.ts";
import type { Sql } from "../connection/connect.ts";

/** Lists the days with imports, oldest first. Changes in trials and in undone imports do not count. */
export async function listDays(sql: Sql, { days, zone, ...filter }: DaysQuery): Promise<Day[]> {
  const feed = filter.feed ?? null;
  return await sql<Day[]>`
    with recent as (
      select (started_at at time zone ${zone})::date as day, * from rosterd.imports
      where started_at >= (date_trunc('day', now() at time zone ${zone}) - make_interval(days => ${days - 1}))
          at time zone ${zone}
        and status <> 'running' and (${feed}::text is null or feed = ${feed})
    ),
    rosters as (select day, feed, max(records) as records from recent group by day, feed)
    select
      day::text, count(*) as imports, max(id) as last_import,
      (select sum(records) from rosters where rosters.day = recent.day)::bigint as records,
      coalesce(sum(created + updated + archived + reactivated + missing_archived)
        filter (where status <> 'checked' and undone_at is null), 0)::bigint as changed,
      to_char(max(started_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_at,
      coalesce(sum(created) filter (where status <> 'checked' and undone_at is null), 0)::bigint as created,
      coalesce(sum(archived + missing_archived)
        filter (where status <> 'checked' and undone_at is null), 0)::bigint as archived,
      sum(failed)::bigint as failed, sum(failed_new)::bigint as failed_new,
      count(*) filter (where status in ('failed_records', 'checked') and failed = records) as all_failed,
      sum(held + missing_held)::bigint as held,
      count(*) filter (where status in ('rejected', 'error')) as rejected
    from recent group by day order by day`;
}
