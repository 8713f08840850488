/** Finds imports whose retention period is over and deletes their details (docs/upload-folder.md#retention). */
import type { Sql } from "../connection/connect.ts";

export async function serverTime(sql: Sql): Promise<Date> {
  const [{ now }] = await sql<{ now: Date }[]>`select now() as now`;
  return now;
}

/** Returns all feeds in the history, including those that are no longer in the settings. */
export async function feedsWithImports(sql: Sql): Promise<string[]> {
  const rows = await sql<{ feed: string }[]>`select distinct feed from rosterd.imports order by feed`;
  return rows.map(({ feed }) => feed);
}

/**
 * Returns up to 1,000 of a feed's imports that finished before `time` and have no open hold, with the names of their
 * files in `bak`.
 */
export async function expiredImports(
  sql: Sql,
  feed: string,
  time: Date,
): Promise<{ id: number; files: string[] }[]> {
  return await sql<{ id: number; files: string[] }[]>`
    select id, array_remove(array[bak_file, failed_file], null) as files
    from rosterd.imports
    where feed = ${feed} and greatest(finished_at, hold_ended_at) < ${time} and cleared_at is null
      and (taken_key is null or bak_file is not null or file_gone_at is not null) and mail <> 'waiting' and hold_state is distinct from 'open'
    order by id limit 1000`;
}

/** Deletes the details of an import, but keeps its entry. Afterwards, the import can no longer be undone. */
export async function markCleared(sql: Sql, id: number, now: Date): Promise<void> {
  await sql.begin(async (tx) => {
    // This statement runs first, so that it waits for a concurrent undo of the same import.
    await tx`
      update rosterd.imports set cleared_at = ${now}, failed_file = null, hold_columns =
        (select coalesce(jsonb_agg(value || '{"examples": []}'), '[]') from jsonb_array_elements(hold_columns))
      where id = ${id}`;
    await tx`delete from rosterd.import_failures where import_id = ${id}`;
    await tx`delete from rosterd.import_held where import_id = ${id}`;
    await tx`delete from rosterd.import_changes where import_id = ${id}`;
    await tx`delete from rosterd.trial_changes where import_id = ${id}`;
    await tx`delete from rosterd.moved_permits where import_id = ${id}`;
  });
}

/**
 * Removes emails that were sent or abandoned before `time`. Returns the number of emails removed. If the cause of an
 * alert persists, the alert is sent again.
 */
export async function clearMails(sql: Sql, time: Date): Promise<number> {
  const { count } = await sql`delete from rosterd.outbox where coalesce(sent_at, gave_up_at) < ${time}`;
  return count;
}
