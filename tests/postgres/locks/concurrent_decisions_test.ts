/** Concurrent decisions and imports run one after the other. Each one starts from the previous one's result. */
import assert from "node:assert/strict";
import { CannotDecide } from "../../../src/domain/decision.ts";
import { approveHold, discardHold } from "../../../src/postgres/history/holds.ts";
import { undoImport } from "../../../src/postgres/history/undo.ts";
import { until } from "../../support/until.ts";
import { held } from "../held_file.ts";
import { onServer, type RosterDatabase } from "../roster_database.ts";

const settings = { archive_inactive_users: true, archive_guard: { max_percent: 0, min_users: 0 } };
const never = new AbortController().signal;
const HELD = "unique_id,login_source,city,active\n1,ldap,Hull,0\n2,ldap,Hull,0\n";

/** Creates two users, each with a permit, whom an import holds. */
async function hold(db: RosterDatabase): Promise<number> {
  await db.clear();
  await db.addUsers({ unique_id: "1", city: "Ottawa" }, { unique_id: "2", city: "Ottawa" });
  await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('A', '1'), ('B', '2')`;
  const report = await db.import(HELD, { settings });
  assert.equal(report.status, "held");
  return report.id!;
}

/** The active users and the status of the permits. */
async function stateOf(db: RosterDatabase): Promise<unknown> {
  const users = await db.sql`select unique_id, active, city from rosterd.users order by unique_id`;
  const permits = await db.sql`select status from rosterd.permits order by permit_no`;
  return {
    active: users.filter(({ active }) => active).map(({ unique_id }) => unique_id),
    cities: users.map(({ city }) => city),
    permits: permits.map(({ status }) => status),
  };
}

const BEFORE = { active: ["1", "2"], cities: ["Ottawa", "Ottawa"], permits: ["active", "active"] };
const KEPT = { ...BEFORE, cities: ["Hull", "Hull"] };
const ARCHIVED = { active: [], cities: ["Hull", "Hull"], permits: ["released", "released"] };

onServer("approve waits for a running import, and leaves out the users whom that import keeps", async (db) => {
  const id = await hold(db);
  const { way, reached, release } = held("staged");
  const importing = db.import("unique_id,login_source,active\n1,ldap,1\n", { settings, ...way });
  await reached;
  const approving = approveHold(db.database, id, never, "admin");
  await until("the approval waits for its turn", async () => {
    const rows = await db.sql`
      select from pg_stat_activity
      where datname = current_database() and application_name = 'rosterd' and xact_start is not null
        and query ~ 'pg_try_advisory_xact_lock'`;
    return rows.length > 0;
  });
  assert.deepEqual(await stateOf(db), KEPT);

  release();

  assert.equal((await importing).status, "done");
  const { archived, left_out } = (await approving)!;
  assert.deepEqual([archived, left_out.map(({ unique_id }) => unique_id)], [1, ["1"]]);
  assert.deepEqual(await stateOf(db), { ...KEPT, active: ["1"], permits: ["active", "released"] });
});

onServer("two concurrent decisions about an import are each carried out completely or refused", async (db) => {
  const decisions = { approve: approveHold, discard: discardHold, undo: undoImport };
  type Name = keyof typeof decisions;
  const pairs: [Name, Name][] = [
    ["approve", "approve"],
    ["approve", "discard"],
    ["discard", "discard"],
    ["approve", "undo"],
    ["undo", "undo"],
  ];
  for (const pair of pairs) {
    const id = await hold(db);
    const results = await Promise.allSettled(pair.map((name) => decisions[name](db.database, id, never, "admin")));
    const carriedOut = pair.filter((_, at) => results[at].status === "fulfilled");
    for (const result of results) {
      if (result.status === "rejected") assert.ok(result.reason instanceof CannotDecide, String(result.reason));
    }
    const isUndone = carriedOut.includes("undo"), isApproved = carriedOut.includes("approve");
    assert.ok(carriedOut.length === 1 || (isUndone && isApproved), `${pair}: ${carriedOut}`);
    assert.deepEqual(await stateOf(db), isUndone ? BEFORE : isApproved ? ARCHIVED : KEPT, String(pair));
  }
});

onServer("with two concurrent undos, the later import is undone first, or the other undo is refused", async (db) => {
  await db.addUsers({ unique_id: "1", city: "Ottawa" });
  const one = await db.import("unique_id,login_source,city\n1,ldap,Hull\n");
  const two = await db.import("unique_id,login_source,city\n1,ldap,Aylmer\n");

  const results = await Promise.allSettled([one, two].map(({ id }) => undoImport(db.database, id!, never, "admin")));

  assert.equal(results[1].status, "fulfilled");
  const city = (await db.users())["1"].city;
  if (results[0].status === "fulfilled") assert.equal(city, "Ottawa");
  else {
    assert.equal(results[0].reason.code, "not_the_latest");
    assert.equal(city, "Hull");
  }
});
