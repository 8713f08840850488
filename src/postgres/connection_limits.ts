/** Checks that the role and the database allow enough connections (docs/operations.md#create-the-database). */
import { bad, type Finding } from "../domain/finding.ts";
import type { Sql } from "./connection/connect.ts";
import limits from "./queries/doctor/connection_limits.sql" with { type: "text" };

/**
 * rosterd needs one connection for the leader lock, one for imports, five for short queries, two for checks and
 * decisions, and one for probes.
 */
export const CONNECTIONS_NEEDED = 10;

interface Limits {
  /** The name of the role. Like the name of the database, it is quoted for use in SQL. */
  role: string;
  database: string;
  /** The connection limit of the role. Here and in `of_database`, -1 means no limit. */
  of_role: number;
  of_database: number;
}

export async function checkConnections(sql: Sql): Promise<Finding[]> {
  const [{ role, database, of_role, of_database }] = await sql.unsafe<Limits[]>(limits);
  return [tooFew(`role ${role}`, of_role), tooFew(`database ${database}`, of_database)].filter((found) =>
    found !== null
  );
}

function tooFew(of: string, limit: number): Finding | null {
  if (limit < 0 || limit >= CONNECTIONS_NEEDED) return null;
  return bad(
    "connections",
    `the ${of} is limited to ${limit} connections, but rosterd needs ${CONNECTIONS_NEEDED}`,
    `Run as a superuser: alter ${of} connection limit ${CONNECTIONS_NEEDED};`,
  );
}
