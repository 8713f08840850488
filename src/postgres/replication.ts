/**
 * Determines whether the server can lose an import that rosterd has already reported (docs/reliability.md#failover).
 */
import { type Finding, good, warning } from "../domain/finding.ts";
import { counted } from "../runtime/grouped.ts";
import type { Sql } from "./connection/connect.ts";

interface Replication {
  server: string | null;
  standbys: number;
  synchronous_standby_names: string;
  synchronous_commit: string;
}

/** The values of synchronous_commit for which a COMMIT does not wait for a standby. */
const WAITS_FOR_NO_STANDBY = ["off", "local"];

/** Returns an empty list for a server without standbys that waits until data is on disk. */
export async function checkReplication(sql: Sql): Promise<Finding[]> {
  const [found] = await sql<Replication[]>`
    select host(inet_server_addr()) || ':' || inet_server_port() as server,
      (select count(*) from pg_stat_replication)::int as standbys,
      current_setting('synchronous_standby_names') as synchronous_standby_names,
      current_setting('synchronous_commit') as synchronous_commit`;
  return [...ofCommit(found), ...ofStandbys(found)];
}

function ofCommit({ synchronous_commit }: Replication): Finding[] {
  if (synchronous_commit !== "off") return [];
  return [warning(
    "synchronous_commit",
    "synchronous_commit is off: if the server crashes, an import that was already reported may be lost",
    "Turn synchronous_commit on for rosterd: alter role NAME set synchronous_commit = on",
  )];
}

function ofStandbys(found: Replication): Finding[] {
  const { server, standbys, synchronous_standby_names, synchronous_commit } = found;
  if (standbys === 0) return [];
  const what = `the server ${server ?? "in use"} has ${counted(standbys, "standby", "standbys")}`;
  const waits = synchronous_standby_names !== "" && !WAITS_FOR_NO_STANDBY.includes(synchronous_commit);
  if (waits) return [good("standbys", `${what}, and imports are reported only after a standby has received them`)];
  return [warning(
    "standbys",
    `${what}, but no standby is synchronous: after a failover, imports from the last few seconds may be missing`,
    "Set synchronous_standby_names on the server, or see docs/operations.md#failover",
  )];
}
