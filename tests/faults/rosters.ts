/** Creates unique files for each kind of outcome. */
import type postgres from "postgres";
import type { Dropped } from "./invariants.ts";

/**
 * `is approved`: the change guard holds this kind of file until the test approves it. `is large`: a file of this kind
 * is packed.
 */
export type Kind = "succeeds" | "fails in part" | "is rejected" | "is held" | "is approved" | "is large";
export const KINDS: readonly Kind[] = ["succeeds", "fails in part", "is rejected", "is held"];

const HEADER = "unique_id,login_source,active,street\n";

/** Creates file number `n` of a kind. A large number of good `records` makes an import slow. */
export function rosterOf(kind: Kind, n: number, records = 1): Dropped {
  const name = `roster${n}.csv`;
  const ids = Array.from({ length: records }, (_, at) => `U${n}-${at}`);
  const good = ids.map((id) => `${id},ldap,1,Main Street ${n}\n`).join("");
  switch (kind) {
    case "succeeds":
      return { name, content: HEADER + good, status: "done", creates: ids, failed: 0 };
    case "is large": {
      const notes = Array.from({ length: 40 }, (_, at) => `N${n}-${at}`), note = "a long note, ".repeat(2_500);
      const noted = notes.map((id) => `${id},ldap,1,,"${note}"\n`).join("");
      const content = `${HEADER.trimEnd()},note\n${noted},ldap,1,,\n`;
      return { name, content, status: "failed_records", creates: notes, failed: 1 };
    }
    case "fails in part":
      return { name, content: `${HEADER}${good},ldap,1,\n`, status: "failed_records", creates: ids, failed: 1 };
    case "is rejected":
      return { name, content: `name,city\n${n},Hull\n`, status: "rejected", creates: [], failed: 0 };
    case "is approved": {
      const content = `${HEADER}${good}K${n},ldap,1,Elm Street\n,ldap,1,\n`, creates = [...ids, `K${n}`];
      return { name, content, status: "failed_records", creates, failed: 1, changes: `K${n}` };
    }
    case "is held":
      return { name, content: `${HEADER}H${n},ldap,0,\n`, status: "held", creates: [`H${n}`], failed: 0 };
  }
}

/** Creates the users whom an import will hold or change. */
export async function prepareFor(
  { status, creates, changes }: Dropped,
  sql: postgres.Sql<{ bigint: number }>,
): Promise<void> {
  if (changes !== undefined) {
    await sql`insert into rosterd.users (unique_id, login_source, street) values (${changes}, 'ldap', 'Oak Street')`;
  }
  if (status === "held") {
    await sql`insert into rosterd.users (unique_id, login_source) values (${creates[0]}, 'ldap')`;
  }
}

/**
 * Settings that give each roster its outcome: no settling, emails enabled, and guards that hold every loss and every
 * change.
 */
export function settingsFor(smtpPort: number) {
  return {
    settle_seconds: 0,
    interval_minutes: 1,
    archive_guard: { max_percent: 0, min_users: 0 },
    change_guard: { max_percent: 0, min_users: 0 },
    reply_to_admin_email: "admin@example.edu",
    failed_import_email: "registry@example.edu",
    smtp: { host: "127.0.0.1", port: smtpPort, security: "none" },
  };
}
