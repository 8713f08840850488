/** Determines which files in `bak` the database knows (docs/reliability.md#restore). */
import { IN_EFFECT } from "./applied.ts";
import type { Sql } from "../connection/connect.ts";

export interface KnownFiles {
  names: ReadonlySet<string>;
  /** The imports whose files may be in `bak`, although the history does not say so yet. */
  unfiled: readonly { file: string; startedAt: Date }[];
  /**
   * When the feed's newest applied file was imported, in whole seconds as in the names of files in `bak`; null if no
   * files have been applied. A missing file from the same second counts as newer, because a restored database lacks the
   * end of the history.
   */
  newest: Date | null;
  /** Files imported before this time have been dismissed; null if no files have been dismissed. */
  dismissedUntil: Date | null;
}

export async function knownFiles(sql: Sql, feed: string): Promise<KnownFiles> {
  // One statement, because an import may record the move of its file at any time.
  const rows = await sql<{ bak_file: string | null; file: string; startedAt: Date }[]>`
    select bak_file, file, started_at as "startedAt" from rosterd.imports
    where feed = ${feed} and (bak_file is not null or (taken_key is not null and file_gone_at is null))`;
  const [row] = await sql<{ newest: Date | null; dismissed: Date | null }[]>`
    select
      (select date_trunc('second', max(started_at)) from rosterd.imports
        where feed = ${feed} and ${sql.unsafe(IN_EFFECT)}) as newest,
      (select dismissed_until from rosterd.dismissed_files where feed = ${feed}) as dismissed`;
  return {
    names: new Set(rows.flatMap(({ bak_file }) => bak_file ?? [])),
    unfiled: rows.filter(({ bak_file }) => bak_file === null),
    newest: row.newest,
    dismissedUntil: row.dismissed,
  };
}

/** Dismisses files: {@link knownFiles} then reports all files of the feed up to the given time as known. */
export async function dismissFiles(sql: Sql, feed: string, until: Date, by: string): Promise<void> {
  await sql`
    insert into rosterd.dismissed_files (feed, dismissed_until, dismissed_by) values (${feed}, ${until}, ${by})
    on conflict (feed) do update set
      dismissed_until = greatest(dismissed_files.dismissed_until, excluded.dismissed_until), dismissed_by = ${by}`;
}
