/** Creates a long history without the time that real imports would take. */
import type { TestDatabase } from "../support/postgres.ts";

/**
 * Adds nightly imports of students.csv at 2:10 UTC up to last night. On every ninth night, a few records fail; on every
 * twentieth, the file is rejected. `withoutFile`: nights on which no file arrived.
 */
export async function addNights({ sql }: TestDatabase, nights: number, withoutFile: number[] = []): Promise<void> {
  await sql`
    with kept as (insert into rosterd.import_settings values ('', '{}') on conflict do nothing)
    insert into rosterd.imports (feed, file, status, settings_digest, started_at, finished_at, reason,
      records, created, updated, unchanged, archived, failed, failed_new)
    select '', 'students.csv', case when reason is not null then 'rejected' when failed > 0 then 'failed_records' else 'done' end,
      '', at, at + interval '2 s', reason, records, created, updated,
      records - created - updated - archived - failed, archived, failed, failed
    from (
      select at, reason, case when reason is null then records else 0 end as records,
        case when reason is null then created else 0 end as created,
        case when reason is null then updated else 0 end as updated,
        case when reason is null then archived else 0 end as archived,
        case when reason is null then failed else 0 end as failed
      from (
        select date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'
            - make_interval(days => night) + interval '2 h 10 min' as at,
          case when night % 20 = 13
            then '{"code": "no_header", "text": "the file has no header with unique_id", "line": null}'::jsonb end as reason,
          case when night = 17 then 2050 else 4200 end as records, night % 4 as created,
          case when night = 26 then 400 else 12 + night * 7 % 23 end as updated,
          case when night % 7 = 0 then 3 else 0 end as archived,
          case when night = 8 then 150 when night % 9 = 0 then 4 else 0 end as failed
        from generate_series(${nights}::int, 1, -1) as night where night::text <> all (string_to_array(${withoutFile.join()}, ','))
      ) as one
    ) as nights order by at`;
}
