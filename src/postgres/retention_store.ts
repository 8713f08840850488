/** Which imports are past their retention, and what is cleared of them in the database. */
import type { Sql } from "./connect.ts";

/** Imports that ended before `time` and were not cleared, with the names of their files in `bak`; at most 1,000. */
export async function expiredImports(sql: Sql, time: Date): Promise<{ id: number; files: string[] }[]> {
  return await sql<{ id: number; files: string[] }[]>`
    select id, array_remove(array[bak_file, failed_file], null) as files
    from rosterd.imports
    where finished_at < ${time} and cleared_at is null and (taken_key is null or bak_file is not null)
      and mail <> 'waiting'
    order by id limit 1000`;
}

export async function markCleared(sql: Sql, id: number, now: Date): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`delete from rosterd.import_failures where import_id = ${id}`;
    await tx`update rosterd.imports set cleared_at = ${now}, failed_file = null where id = ${id}`;
  });
}
