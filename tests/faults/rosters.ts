/** Creates unique files with each kind of outcome. */
import type postgres from "postgres";
import type { Dropped } from "./invariants.ts";

export type Kind = "succeeds" | "fails in part" | "is rejected" | "is held";
export const KINDS: readonly Kind[] = ["succeeds", "fails in part", "is rejected", "is held"];

const HEADER = "unique_id,login_source,active,street\n";

/** Creates file number `n` of a kind. Many good `records` make its import slow. */
export function rosterOf(kind: Kind, n: number, records = 1): Dropped {
  const name = `roster${n}.csv`;
  const ids = Array.from({ length: records }, (_, at) => `U${n}-${at}`);
  const good = ids.map((id) => `${id},ldap,1,Main Street ${n}\n`).join("");
  switch (kind) {
    case "succeeds":
      return { name, content: HEADER + good, status: "done", creates: ids, failed: 0 };
    case "fails in part":
      return { name, content: `${HEADER}${good},ldap,1,\n`, status: "failed_records", creates: ids, failed: 1 };
    case "is rejected":
      return { name, content: `name,city\n${n},Hull\n`, status: "rejected", creates: [], failed: 0 };
    case "is held":
      return { name, content: `${HEADER}H${n},ldap,0,\n`, status: "held", creates: [`H${n}`], failed: 0 };
  }
}

/** Creates the users that an import will hold. */
export async function prepareFor({ status, creates }: Dropped, sql: postgres.Sql<{ bigint: number }>): Promise<void> {
  if (status === "held") {
    await sql`insert into rosterd.users (unique_id, login_source) values (${creates[0]}, 'ldap')`;
  }
}

/** Settings that give each roster its outcome: no settling, mail, and a guard that holds every loss of access. */
export function settingsFor(smtpPort: number) {
  return {
    settle_seconds: 0,
    interval_minutes: 1,
    archive_guard: { max_percent: 0, min_users: 0 },
    reply_to_admin_email: "admin@example.edu",
    failed_import_email: "registry@example.edu",
    smtp: { host: "127.0.0.1", port: smtpPort, security: "none" },
  };
}
