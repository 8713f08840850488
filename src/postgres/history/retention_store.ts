/** Which imports are past their retention, and what is cleared of them in the database. */
import type { Sql } from "../connection/connect.ts";

/**
 * Imports of which nothing was done since `time` and that were not cleared, with the names of their files in `bak`; at most 1,000.
 * None that holds users: what people have to decide about is kept until they have, and as long again.
 */
export async function expiredImports(sql: Sql, time: Date): Promise<{ id: number; files: string[] }[]> {
  return await sql<{ id: number; files: string[] }[]>`
    select id, array_remove(array[bak_file, failed_file], null) as files
    from rosterd.imports
    where greatest(finished_at, hold_ended_at) < ${time} and cleared_at is null
      and (taken_key is null or bak_file is not null or file_gone_at is not null) and mail <> 'waiting' and hold_state is distinct from 'open'
    order by id limit 1000`;
}

/** Clears what the database keeps of an import beside its entry: then it cannot be undone any more. */
export async function markCleared(sql: Sql, id: number, now: Date): Promise<void> {
  await sql.begin(async (tx) => {
    // First, so that an undo of it that is under way is over.
    await tx`update rosterd.imports set cleared_at = ${now}, failed_file = null where id = ${id}`;
    await tx`delete from rosterd.import_failures where import_id = ${id}`;
    await tx`delete from rosterd.import_held where import_id = ${id}`;
    await tx`delete from rosterd.import_changes where import_id = ${id}`;
  });
}
