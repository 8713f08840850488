/** For every combination of old id, new id, record and settings, the database follows `rules_ids.ts`. */
import assert from "node:assert/strict";
import type { Settings } from "../../../src/domain/settings.ts";
import { undoImport } from "../../../src/postgres/history/undo.ts";
import { oneConnection, removeAll } from "../one_connection.ts";
import { countsOf, csvOf, onServer, type RosterDatabase } from "../roster_database.ts";
import { IDS } from "./rules_ids.ts";
import { lookUp, product, RULES } from "./rules_table.ts";

type Facts = Record<string, string>;

const CIRCUMSTANCES = product<Record<"inactive" | "missing" | "losses", string>>({
  inactive: ["on", "off"],
  missing: ["keep", "archive"],
  losses: ["happen", "held"],
});

const CASES = product<Record<"old" | "new" | "record" | "claim", string>>({
  old: ["unknown", "active", "disabled", "archived"],
  new: ["unknown", "active", "disabled", "archived"],
  record: ["0", "1", "none", "failed"],
  claim: ["none", "own", "twice"],
}).map((one) => ({ ...one, id: Object.values(one).join("-") }));

/** The state and permits of each user. */
async function usersOf(db: RosterDatabase): Promise<Record<string, string>> {
  const rows = await db.sql`
    select unique_id, case when archived_at is not null then 'archived' when active then 'active' else 'disabled' end as state,
      array(select permit_no || ' ' || status from rosterd.permits as p where p.unique_id = u.unique_id order by 1) as permits
    from rosterd.users as u`;
  return Object.fromEntries(rows.map(({ unique_id, state, permits }) => [unique_id, [state, ...permits].join(", ")]));
}

const permitsOf = (id: string, state: string) => state === "unknown" ? [] : [`${id}.1 active`, `${id}.2 expired`];

const release = (permits: string[]) => permits.map((permit) => permit.replace(/active$/, "released"));

/** The users of one case after the import, and how the record was counted. */
function expected(one: Facts, circumstances: Facts) {
  const { id, claim } = one, old = `${id}/old`, facts = { ...one, ...circumstances };
  const row = lookUp(IDS, facts);
  const ruled = (before: string, record: string): Facts => {
    const rule = lookUp(RULES, { ...circumstances, before, record });
    return { ...rule, after: rule.after === "same" ? before : rule.after };
  };
  const rule = ruled(row.from === "old" ? one.old : one.new, row.what === "failed" ? "failed" : one.record);
  const oldPermits = permitsOf(old, one.old), moved = row.what === "renamed" ? oldPermits : oldPermits.slice(0, 1);
  const own = [...permitsOf(id, one.new), ...(row.what === "renamed" || row.what === "merged" ? moved : [])].sort();
  const oldRule = claim === "own" ? ruled(one.old, "none") : { after: one.old };
  const users: Record<string, [state: string, permits: string[]]> = {
    [id]: [rule.after, rule.permits === "released" ? release(own) : own],
    [old]: row.what === "merged"
      ? ["archived", oldPermits.slice(1)]
      : [row.what === "renamed" ? "unknown" : oldRule.after, oldPermits],
    [`${id}/other`]: [claim === "twice" && one.old === "unknown" ? "active" : "unknown", []],
  };
  return { row, rule, users };
}

onServer("import and undo follow the table of old and new ids for every user", async (db) => {
  await using one = oneConnection(db);
  const used = new Set<Facts>();
  let combinations = 0;
  for (const circumstances of CIRCUMSTANCES) {
    await removeAll(db);
    const users = CASES.flatMap(({ id, old, new: state }) => [[id, state], [`${id}/old`, old]])
      .filter(([, state]) => state !== "unknown");
    await db.addUsers(...users.map(([unique_id, state]) => ({ unique_id, state })));
    const owners = users.map(([id]) => id);
    await db.sql`
      insert into rosterd.permits (unique_id, permit_no, status)
      select id, id || no, status from unnest(${owners}::text[]) as id, (values ('.1', 'active'), ('.2', 'expired')) as p (no, status)`;
    const before = await usersOf(db);
    const settings: Partial<Settings> = {
      archive_inactive_users: circumstances.inactive === "on",
      missing_users: circumstances.missing as "keep",
      archive_guard: { max_percent: circumstances.losses === "held" ? 0 : 100, min_users: 0 },
    };
    const record = (unique_id: string, old_unique_id = "", active = "", province = "") => ({
      unique_id,
      old_unique_id,
      login_source: "ldap",
      active,
      province,
    });
    const roster = csvOf(CASES.flatMap(({ id, record: value, claim }) => [
      record(id, `${id}/old`, value === "0" || value === "1" ? value : "", value === "failed" ? "Ontario" : ""),
      ...(claim === "own" ? [record(`${id}/old`)] : []),
      ...(claim === "twice" ? [record(`${id}/other`, `${id}/old`)] : []),
    ]));
    const foreseen = await db.check(roster, { settings, store: one.store });
    const report = await db.import(roster, { settings, store: one.store });

    assert.deepEqual(countsOf(foreseen), countsOf(report));
    const now = await usersOf(db), counts = { renamed: 0, merged: 0, held: 0 };
    for (const facts of CASES) {
      const { row, rule, users } = expected(facts, circumstances);
      used.add(row);
      for (const [id, [state, permits]] of Object.entries(users)) {
        const wanted = state === "unknown" ? undefined : [state, ...permits].join(", ");
        assert.equal(now[id], wanted, `${id}, ${JSON.stringify(circumstances)}`);
      }
      if (row.what in counts) counts[row.what as "renamed"]++;
      if (rule.outcome === "held") counts.held++;
    }
    const { renamed, merged, held } = report;
    assert.deepEqual({ renamed, merged, held }, counts);
    const created = Object.keys(now).filter((id) => !(id in before) && !Object.hasOwn(before, `${id}/old`));
    await undoImport(one.database, report.id!, new AbortController().signal, "admin");
    const back = await usersOf(db);
    assert.deepEqual(created.map((id) => back[id]), created.map(() => "archived"));
    for (const id of created) delete back[id];
    assert.deepEqual(back, before, `undo, ${JSON.stringify(circumstances)}`);
    combinations += CASES.length;
  }
  assert.deepEqual(IDS.filter((row) => !used.has(row)), [], "every row of the table was looked up");
  console.log(`ids: ${combinations} combinations of old id, new id, record and settings hold, each with its undo`);
});
