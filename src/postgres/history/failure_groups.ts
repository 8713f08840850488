/** Groups the failures of an import by reason, for its email. */
import type { FailureGroup } from "../../domain/mail.ts";
import type { Sql } from "../connection/connect.ts";
import failureGroups from "../queries/failure_groups.sql" with { type: "text" };

export type GroupedFailures = Record<"fresh" | "known" | "earlier", FailureGroup[]>;

/**
 * The largest groups of each kind, at most `limit`. Failures whose reasons differ only in their values form one group.
 */
export async function groupFailures(sql: Sql, importId: number, limit: number): Promise<GroupedFailures> {
  const rows = await sql.unsafe<(FailureGroup & { kind: keyof GroupedFailures })[]>(failureGroups, [importId, limit]);
  const groups: GroupedFailures = { fresh: [], known: [], earlier: [] };
  for (const { kind, records, line, unique_id, name, since, reason } of rows) {
    groups[kind].push({ records, line, unique_id, name, since, reason });
  }
  return groups;
}
