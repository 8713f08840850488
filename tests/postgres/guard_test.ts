/** The guard holds users, and an admin approves or discards the hold (docs/people.md#archive-guard). */
import assert from "node:assert/strict";
import { CannotDecide } from "../../src/domain/decision.ts";
import { approveHold, discardHold, listHeld } from "../../src/postgres/history/holds.ts";
import { undoImport } from "../../src/postgres/history/undo.ts";
import { countsOf, csvOf, onEachDatabase, onServer, type RosterDatabase } from "./roster_database.ts";

const settings = { archive_inactive_users: true, archive_guard: { max_percent: 10, min_users: 2 } };
const signal = new AbortController().signal;

/** Adds users 1 to `count`, each with one active permit. */
async function addUsers(db: RosterDatabase, count: number, login_source = "ldap"): Promise<void> {
  const ids = Array.from({ length: count }, (_, at) => `${login_source}${at + 1}`);
  await db.addUsers(...ids.map((unique_id) => ({ unique_id, login_source })));
  await db
    .sql`insert into rosterd.permits (permit_no, unique_id) select 'P-' || id, id from unnest(${ids}::text[]) as id`;
}

/** A roster in which the first `gone` of `count` users are inactive. */
function roster(count: number, gone: number, login_source = "ldap"): string {
  return csvOf(Array.from({ length: count }, (_, at) => ({
    unique_id: `${login_source}${at + 1}`,
    login_source,
    city: "Hull",
    active: at < gone ? "0" : "1",
  })));
}

const activeCount = async (db: RosterDatabase) =>
  (await db.sql`select count(*) from rosterd.users where active`)[0].count;

onEachDatabase(
  "an import that would archive too many users holds them and applies all other changes",
  async (db) => {
    await addUsers(db, 40);

    const report = await db.import(roster(40, 10), { settings });

    assert.deepEqual(countsOf(report), { records: 40, updated: 30, held: 10 });
    assert.equal(report.status, "held");
    assert.deepEqual(report.warnings.map(({ code }) => code), ["archivings_held"]);
    assert.equal(await activeCount(db), 40);
    assert.equal((await db.users())["ldap1"].city, "Hull", "other values of a held record are applied");
    const page = await listHeld(db.database.sql, report.id!, { limit: 3 });
    assert.deepEqual(page!.held.map(({ unique_id, line, effect, permits }) => [unique_id, line, effect, permits]), [
      ["ldap1", 2, "archive", 1],
      ["ldap10", 11, "archive", 1],
      ["ldap2", 3, "archive", 1],
    ]);
    assert.equal(page!.next, "ldap2");

    const approved = await approveHold(db.database, report.id!, signal, "admin");

    assert.deepEqual(approved, { archived: 10, disabled: 0, permits_released: 10, left_out: [], left_out_total: 0 });
    assert.equal(await activeCount(db), 30);
    await assert.rejects(approveHold(db.database, report.id!, signal, "admin"), CannotDecide);

    const undone = await undoImport(db.database, report.id!, signal, "admin");

    assert.deepEqual(undone, {
      restored: 40,
      archived: 0,
      permits_restored: 10,
      permits_released: 0,
      left_out: [],
      left_out_total: 0,
    });
    assert.equal(await activeCount(db), 40);
    assert.equal((await db.users())["ldap1"].city, null);
    assert.deepEqual([...await db.sql`select distinct status from rosterd.permits`], [{ status: "active" }]);
  },
);

onServer(
  "while a hold is open, each later import holds its losses, and an approval leaves out users who returned",
  async (db) => {
    await addUsers(db, 40);
    const first = await db.import(roster(40, 10), { settings });

    const second = await db.import(roster(40, 2), { settings });

    assert.deepEqual(countsOf(second), { records: 40, unchanged: 38, held: 2 });
    const approved = await approveHold(db.database, first.id!, signal, "admin");
    assert.deepEqual(approved!.archived, 2);
    assert.equal(approved!.left_out_total, 8);
    assert.match(approved!.left_out[0].reason, /^a later roster says otherwise \(import \d+, "roster.csv"\)$/);
    const discarded = await discardHold(db.database, second.id!, signal, "admin");
    assert.equal(discarded!.discarded, 2);
    assert.equal(await activeCount(db), 38);
  },
);

onServer("losses in a small login source, and many small losses within 24 hours, are also held", async (db) => {
  await addUsers(db, 100);
  await addUsers(db, 10, "hr");

  const small = await db.import(roster(10, 3, "hr"), { settings });
  assert.deepEqual(countsOf(small), { records: 10, updated: 7, held: 3 });
  await discardHold(db.database, small.id!, signal, "admin");

  const one = await db.import(roster(100, 9), { settings });
  assert.deepEqual(countsOf(one), { records: 100, updated: 91, archived: 9, permits_released: 9 });
  const two = await db.import(roster(100, 12), { settings });
  assert.deepEqual(countsOf(two), { records: 100, unchanged: 97, held: 3 });
  await discardHold(db.database, two.id!, signal, "admin");

  await db.sql`update rosterd.import_changes set changed_at = now() - interval '25 hours'`;
  const later = await db.import(roster(100, 12), { settings });
  assert.deepEqual(countsOf(later), { records: 100, unchanged: 97, archived: 3, permits_released: 3 });
});

onServer(
  "users missing from a complete roster are archived within the limits of the guard",
  async (db) => {
    await addUsers(db, 30);
    await addUsers(db, 5, "hr");
    await db.sql`update rosterd.users set feeds = '{}' where login_source = 'hr'`;
    const whole = { settings: { ...settings, missing_users: "archive" as const } };

    const few = await db.import(roster(28, 0), whole);
    assert.deepEqual(countsOf(few), { records: 28, updated: 28, permits_released: 2, missing_archived: 2 });

    const many = await db.import(roster(20, 0), whole);
    assert.deepEqual(countsOf(many), { records: 20, unchanged: 20, missing_held: 8 });
    assert.equal(many.status, "held");
    assert.deepEqual((await listHeld(db.database.sql, many.id!, { limit: 1 }))!.held[0].missing, true);

    const back = await db.import(roster(25, 0), whole);
    assert.deepEqual(countsOf(back), { records: 25, unchanged: 25, missing_held: 3 });
    const approved = await approveHold(db.database, many.id!, signal, "admin");
    assert.deepEqual([approved!.archived, approved!.left_out_total], [3, 5]);

    const broken = await db.import(roster(20, 0) + '"x\n', whole);
    assert.deepEqual(countsOf(broken), { records: 21, unchanged: 20, failed: 1 });
    assert.match(broken.warnings[0].text, /the unique_id of 1 record could not be read, first on line 22$/);
  },
);

onServer(
  "undo archives created users, returns values to their former users, and lists values that it does not restore",
  async (db) => {
    await db.addUsers(
      { unique_id: "1", email: "a@x.org", city: "Ottawa" },
      { unique_id: "2", email: "b@x.org", city: "Ottawa" },
      { unique_id: "3", email: "c@x.org", city: "Ottawa" },
    );
    const report = await db.import(
      "unique_id,login_source,email,city\n1,ldap,b@x.org,Hull\n2,ldap,a@x.org,Hull\n3,ldap,n@x.org,Hull\n4,ldap,c@x.org,Hull\n",
    );
    assert.deepEqual(countsOf(report), { records: 4, created: 1, updated: 3 });
    await db.sql`update rosterd.users set city = 'Aylmer' where unique_id = '2'`;

    const undone = await undoImport(db.database, report.id!, signal, "admin");

    assert.deepEqual(undone!.left_out, [{ unique_id: "2", reason: "city has changed since" }]);
    assert.deepEqual([undone!.restored, undone!.archived], [3, 1]);
    const users = await db.users();
    const brief = ["1", "2", "3", "4"].map((id) => [users[id].email, users[id].city, users[id].archived]);
    assert.deepEqual(brief, [
      ["a@x.org", "Ottawa", false],
      ["b@x.org", "Aylmer", false],
      ["c@x.org", "Ottawa", false],
      [null, "Hull", true],
    ]);
    await assert.rejects(undoImport(db.database, report.id!, signal, "admin"), { code: "undone_already" });
  },
);
