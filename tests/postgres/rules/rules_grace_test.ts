/** For every combination of user, record and settings, the database follows `rules_grace.ts`. */
import assert from "node:assert/strict";
import type { Settings } from "../../../src/domain/settings.ts";
import { approveHold } from "../../../src/postgres/history/holds.ts";
import { undoImport } from "../../../src/postgres/history/undo.ts";
import { oneConnection, removeAll } from "../one_connection.ts";
import { csvOf, onServer, type RosterDatabase } from "../roster_database.ts";
import { GRACE } from "./rules_grace.ts";
import { lookUp, product } from "./rules_table.ts";

const { signal } = new AbortController();

const CIRCUMSTANCES = product<Record<"inactive" | "missing" | "losses", string>>({
  inactive: ["on", "off"],
  missing: ["keep", "archive"],
  losses: ["happen", "held"],
});

const CASES = product<Record<"before" | "record" | "said" | "other", string>>({
  before: ["active", "disabled", "waiting", "due", "archived"],
  record: ["0", "1", "none", "failed", "absent"],
  said: ["active", "inactive"],
  other: ["active", "no"],
}).map((one) => ({ ...one, id: Object.values(one).join("-") }));

const DAYS = { waiting: 29, due: 31 };

const wordsOf = (says: string, other: string) => ({
  ...(says === "no" ? {} : { "": says === "active" }),
  ...(other === "no" ? {} : { staff: true }),
});

interface Found {
  state: string;
  since: string | null;
  feeds: Record<string, boolean>;
  permit: string;
}

async function statesOf({ sql }: RosterDatabase): Promise<Record<string, Found>> {
  const rows = await sql<(Found & { unique_id: string })[]>`
    select unique_id, feeds, inactive_since::text as since,
      case when archived_at is not null then 'archived' when active then 'active' else 'disabled' end as state,
      (select status from rosterd.permits where permits.unique_id = u.unique_id) as permit
    from rosterd.users as u`;
  return Object.fromEntries(rows.map(({ unique_id, ...found }) => [unique_id, found]));
}

const isWaiting = ({ state, since }: Found) => state === "disabled" && since !== null;

onServer("import, approval and undo follow the table of the grace period for every user", async (db) => {
  await using one = oneConnection(db);
  const used = new Set<Record<string, string>>();
  let combinations = 0;
  for (const circumstances of CIRCUMSTANCES) {
    const { inactive, missing, losses } = circumstances, where = JSON.stringify(circumstances);
    await removeAll(db);
    await db.addUsers(...CASES.map(({ id, before, said, other }) => ({
      unique_id: id,
      state: before === "waiting" || before === "due" ? "disabled" : before,
      inactive_since: before in DAYS
        ? new Date(Date.now() - DAYS[before as "due"] * 24 * 3_600_000).toISOString()
        : null,
      feeds: wordsOf(said, other),
    })));
    await db.sql`insert into rosterd.permits (unique_id) select unique_id from rosterd.users`;
    const before = await statesOf(db);
    const settings: Partial<Settings> = {
      archive_inactive_users: inactive === "on",
      missing_users: missing as "keep",
      archive_guard: { max_percent: losses === "held" ? 0 : 100, min_users: 0 },
      release_permits_after_days: 30,
      feeds: { staff: {} },
    };
    const roster = csvOf(
      CASES.filter(({ record }) => record !== "absent").map(({ id, record }) => ({
        unique_id: id,
        login_source: "ldap",
        province: record === "failed" ? "Ontario" : "",
        active: record === "0" || record === "1" ? record : "",
      })),
    );
    const way = { settings, store: one.store };
    const foreseen = await db.check(roster, way);

    const report = await db.import(roster, way);

    assert.deepEqual(foreseen.warnings.map(({ code }) => code), report.warnings.map(({ code }) => code), where);
    const now = await statesOf(db);
    for (const { id, ...facts } of CASES) {
      const row = lookUp(GRACE, { ...facts, ...circumstances });
      used.add(row);
      const was = before[id], is = now[id];
      const feeds = wordsOf(row.says === "same" ? facts.said : row.says, facts.other);
      const expected = row.after === "same" ? was.state : row.after === "waiting" ? "disabled" : row.after;
      const permit = row.after === "archived" ? "released" : "active";
      assert.deepEqual({ state: is.state, feeds: is.feeds, permit: is.permit }, { state: expected, feeds, permit }, id);
      if (row.after === "same") assert.equal(is.since, was.since, `${id}, ${where}`);
      else assert.equal(isWaiting(is), row.after === "waiting", `${id}, ${where}`);
    }
    if (losses === "held") await checkApproval(db, one.database, report.id!, inactive);
    await undoImport(one.database, report.id!, signal, "admin");
    assert.deepEqual(await statesOf(db), before, `undo, ${where}`);
    combinations += CASES.length;
  }
  assert.deepEqual(GRACE.filter((row) => !used.has(row)), [], "every row of the table was looked up");
  console.log(`grace: ${combinations} combinations of user, record, words and settings hold, each with its undo`);
});

/** A held user begins to wait when the hold is approved. */
async function checkApproval(
  db: RosterDatabase,
  database: RosterDatabase["database"],
  id: number,
  inactive: string,
): Promise<void> {
  const held = await db.sql`select unique_id, line is null as missing from rosterd.import_held where import_id = ${id}`;
  assert.ok(held.length > 0);
  const { disabled, permits_released } = (await approveHold(database, id, signal, "admin"))!;
  assert.deepEqual([disabled, permits_released], [held.length, 0]);
  const now = await statesOf(db);
  for (const { unique_id, missing } of held) {
    const { state, since, feeds } = now[unique_id];
    assert.deepEqual([state, since !== null, feeds[""]], ["disabled", missing || inactive === "on", false], unique_id);
  }
}
