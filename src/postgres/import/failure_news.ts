/** Stores the failures of an import and compares them with the failures of the feed's earlier imports. */
import type { Counts } from "../../domain/outcome.ts";
import type { FailureNews } from "../../importer/ports.ts";
import type { Tx } from "../connection/connect.ts";
import { type ImportQueries, withValues } from "./queries.ts";

export interface ComparedImport {
  tx: Tx;
  queries: ImportQueries;
  importId: number;
  feed: string;
  /** Whether the roster has a `rosterd_…` column and therefore probably contains only some of the feed's records. */
  isFailedFile: boolean;
}

const ANY_OPEN = "select exists (select from rosterd.import_failures where open_feed = $1) as before";

const OPEN_AND_TOLD = `
  select exists (select from rosterd.import_failures where open_feed = $1) as open,
    (select max(started_at) from rosterd.imports
      where feed = $1 and mail in ('waiting', 'sent') and status <> 'rejected' and undone_at is null) as "toldAt"`;

export async function keepFailures(
  { tx, queries, importId, feed, isFailedFile }: ComparedImport,
  { failed, records }: Pick<Counts, "failed" | "records">,
): Promise<FailureNews> {
  const [{ before }] = await tx.unsafe(withValues(ANY_OPEN, feed));
  if (failed === 0 && !before) return { failed_new: 0, failed_fixed: 0, open: false, toldAt: null };
  const [{ failed_new }] = failed === 0
    ? [{ failed_new: 0 }]
    : await tx.unsafe(withValues(queries.keepFailures, importId));
  const [{ failed_fixed }] = before
    ? await tx.unsafe(withValues(queries.endFailures, importId, !isFailedFile, records))
    : [{ failed_fixed: 0 }];
  const [{ open, toldAt }] = await tx.unsafe(withValues(OPEN_AND_TOLD, feed));
  return { failed_new, failed_fixed, open, toldAt };
}
