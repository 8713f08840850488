/** A record may specify its user's old id. The user is then renamed or merged (docs/people.md#new-ids). */
import assert from "node:assert/strict";
import { undoImport } from "../../src/postgres/history/undo.ts";
import { approveHold, listHeld } from "../../src/postgres/history/holds.ts";
import { findUser } from "../../src/postgres/history/users.ts";
import { listChanges } from "../../src/postgres/history/import_changes.ts";
import { importYields, transactionOf, withOther } from "./locks/other_program.ts";
import { countsOf, onServer, type RosterDatabase } from "./roster_database.ts";

const signal = new AbortController().signal;

async function addPermit(db: RosterDatabase, unique_id: string, permit_no: string, status = "active"): Promise<void> {
  await db
    .sql`insert into rosterd.permits (unique_id, permit_no, status) values (${unique_id}, ${permit_no}, ${status})`;
}

async function permitsOf(db: RosterDatabase): Promise<string[]> {
  const rows = await db.sql`select unique_id, permit_no, status from rosterd.permits order by permit_id`;
  return rows.map(({ unique_id, permit_no, status }) => `${unique_id} ${permit_no} ${status}`);
}

/** Each user as "id state city email". */
async function usersOf(db: RosterDatabase): Promise<string[]> {
  return Object.values(await db.users()).map(({ unique_id, active, archived, city, email }) =>
    `${unique_id} ${archived ? "archived" : active ? "active" : "disabled"} ${city ?? "-"} ${email ?? "-"}`
  );
}

const undo = (db: RosterDatabase, id: number | null) => undoImport(db.database, id!, signal, "admin");

onServer("an unknown id with a known old one renames the user, with permits, feeds and history", async (db) => {
  await db.import("unique_id,login_source,city\nA,ldap,Ottawa\n");
  const earlier = await db.import("unique_id,login_source,city\nA,ldap,Hull\n");
  await addPermit(db, "A", "P1");
  await addPermit(db, "A", "P2", "expired");
  const roster = "unique_id,old_unique_id,login_source,city\nB,A,ldap,Perth\n";
  const foreseen = await db.check(roster);

  const report = await db.import(roster);

  assert.deepEqual(countsOf(report), { records: 1, updated: 1, renamed: 1 });
  assert.deepEqual(countsOf(foreseen), countsOf(report));
  const change = { unique_id: "B", outcome: "updated", columns: { unique_id: ["A", "B"], city: ["Hull", "Perth"] } };
  assert.deepEqual(foreseen.changes, [change]);
  assert.deepEqual((await listChanges(db.sql, report.id!, { limit: 9 }))!.changes, [{
    ...change,
    permits_released: [],
  }]);
  assert.deepEqual(await usersOf(db), ["B active Perth -"]);
  assert.deepEqual(await permitsOf(db), ["B P1 active", "B P2 expired"]);
  const user = (await findUser(db.sql, "B"))!;
  assert.deepEqual(user.feeds, { "": "active" });
  assert.deepEqual(user.history.map(({ outcome, columns }) => [outcome, columns]), [
    ["updated", { unique_id: ["A", "B"], city: ["Hull", "Perth"] }],
    ["updated", { city: ["Ottawa", "Hull"] }],
    ["created", { login_source: [null, "ldap"], city: [null, "Ottawa"], active: [null, "1"] }],
  ]);

  const again = await db.import(roster);
  assert.deepEqual(countsOf(again), { records: 1, unchanged: 1 });

  const undone = await undo(db, report.id);
  assert.deepEqual(undone, {
    restored: 1,
    archived: 0,
    permits_restored: 0,
    permits_released: 0,
    left_out: [],
    left_out_total: 0,
  });
  assert.deepEqual(await usersOf(db), ["A active Hull -"]);
  assert.deepEqual(await permitsOf(db), ["A P1 active", "A P2 expired"]);
  const history = (await findUser(db.sql, "A"))!.history;
  assert.deepEqual(history.map(({ undone_at }) => undone_at !== null), [true, false, false]);
  await undo(db, earlier.id);
  assert.deepEqual(await usersOf(db), ["A active Ottawa -"]);
});

onServer("two known ids are merged: the old user is archived, and the active permits move", async (db) => {
  const before = [
    { unique_id: "A", city: "Ottawa", email: "x@x.org", feeds: { "": true } },
    { unique_id: "B", city: "Hull", state: "disabled" },
  ];
  await db.addUsers(...before);
  for (const [owner, no, status] of [["A", "P1", "active"], ["A", "P2", "lost"], ["B", "P3", "active"]]) {
    await addPermit(db, owner, no, status);
  }
  const users = await usersOf(db), permits = await permitsOf(db);
  const roster = "unique_id,previous_unique_id,login_source,email\nB,A,ldap,X@x.org\n";
  const way = { settings: { archive_guard: { max_percent: 0, min_users: 0 } } };
  const foreseen = await db.check(roster, way);

  const report = await db.import(roster, way);

  assert.deepEqual(countsOf(report), { records: 1, updated: 1, merged: 1 });
  assert.deepEqual(countsOf(foreseen), countsOf(report));
  const changes = [
    {
      unique_id: "A",
      outcome: "archived",
      columns: { merged_into: [null, "B"], email: ["x@x.org", null], active: ["1", "0"] },
    },
    {
      unique_id: "B",
      outcome: "updated",
      columns: { old_unique_id: [null, "A"], email: [null, "X@x.org"], active: ["0", "1"] },
    },
  ];
  assert.deepEqual(foreseen.changes.toSorted((a, b) => a.unique_id < b.unique_id ? -1 : 1), changes);
  const listed = (await listChanges(db.sql, report.id!, { limit: 9 }))!.changes;
  assert.deepEqual(listed, changes.map((change) => ({ ...change, permits_released: [] })));
  assert.deepEqual(await usersOf(db), ["A archived Ottawa -", "B active Hull X@x.org"]);
  assert.deepEqual(await permitsOf(db), ["B P1 active", "A P2 lost", "B P3 active"]);
  assert.deepEqual(countsOf(await db.import(roster, way)), { records: 1, unchanged: 1 });

  const { left_out: _, ...undone } = (await undo(db, report.id))!;
  assert.deepEqual(undone, { restored: 2, archived: 0, permits_restored: 1, permits_released: 0, left_out_total: 0 });
  assert.deepEqual(await usersOf(db), users);
  assert.deepEqual(await permitsOf(db), permits);
});

const reasonsOf = ({ failures }: { failures: { line: number; problems: { code: string; reason: string }[] }[] }) =>
  failures.map(({ line, problems }) =>
    `${line}: ${problems.map(({ code, reason }) => `${code} ${reason}`).join("; ")}`
  );

onServer("an ambiguous old id fails, and an old id that no user has is ignored", async (db) => {
  await db.addUsers({ unique_id: "A" }, { unique_id: "C" }, { unique_id: "same" });
  const report = await db.import(`unique_id,old_unique_id,login_source,province
1,A,ldap,
2,A,ldap,Quebec
3,C,ldap,
C,,ldap,
4,9,ldap,
5,nobody,ldap,
6,nobody,ldap,
same,same,ldap,
9,,ldap,
`);
  assert.deepEqual(reasonsOf(report), [
    '2: 9022 old_unique_id "A" is also on line 3: keep it only for the person who had this id',
    '3: 9022 old_unique_id "A" is also on line 2: keep it only for the person who had this id; ' +
    '9030 province "Quebec" must be two letters, such as ON',
    '4: 9022 old_unique_id "C" has a record of its own on line 5: remove that record, or the old id here',
    '6: 9022 old_unique_id "9" has a record of its own on line 10: remove that record, or the old id here',
  ]);
  assert.deepEqual(countsOf(report), { records: 9, created: 3, unchanged: 2, failed: 4 });
});

onServer(
  "in a first import, an old id that also has a separate record fails, and other old ids are ignored",
  async (db) => {
    const report = await db.import(
      "unique_id,old_unique_id,login_source\nA,,ldap\nB,A,ldap\nC,X,ldap\nD,E,ldap\nE,,ldap\n",
    );
    assert.deepEqual(countsOf(report), { records: 5, created: 3, failed: 2 });
    assert.deepEqual(report.failures.map(({ line }) => line), [3, 5]);
    assert.deepEqual(Object.keys(await db.users()), ["A", "C", "E"]);
  },
);

/** Makes a roster that is long enough for the unchanged-record cache. */
const long = (roster: string) => roster + "\n".repeat(9_000);

onServer("neither a record with an old id nor the record of that old id is ever skipped", async (db) => {
  const header = "unique_id,old_unique_id,login_source\n";
  const roster = long(`${header}A,,ldap\nB,,ldap\nC,gone,ldap\n`);
  await db.import(roster);
  assert.deepEqual(countsOf(await db.import(roster)), { records: 3, unchanged: 3 });
  await db.addUsers({ unique_id: "gone" });
  assert.deepEqual(countsOf(await db.import(roster)), { records: 3, updated: 1, unchanged: 2, merged: 1 });
  // Depending on the order, the record of the old id may already have been skipped or may be read later.
  for (const records of ["A,,ldap\nB,A,ldap\n", "B,A,ldap\nA,,ldap\n"]) {
    const report = await db.import(long(`${header}${records}C,gone,ldap\n`));
    assert.deepEqual(countsOf(report), { records: 3, unchanged: 2, failed: 1 });
  }
  const renamed = await db.import(long(`${header}B,,ldap\nC,gone,ldap\nD,A,ldap\n`));
  assert.deepEqual(countsOf(renamed), { records: 3, updated: 1, unchanged: 2, renamed: 1 });
  assert.deepEqual(countsOf(await db.import(roster)), { records: 3, created: 1, unchanged: 2 });
});

onServer("a feed that still names the old id does not skip its record", async (db) => {
  const settings = { feeds: { students: {}, staff: {} }, missing_users: "archive" as const };
  const staff = { feed: "staff", settings }, students = { feed: "students", settings };
  const roster = long("unique_id,login_source\nA,ldap\nK,ldap\n");
  await db.import(roster, staff);
  assert.deepEqual(countsOf(await db.import(roster, staff)), { records: 2, unchanged: 2 });
  await db.import("unique_id,old_unique_id,login_source\nB,A,ldap\n", students);
  assert.deepEqual((await findUser(db.sql, "B"))!.feeds, { staff: "active", students: "active" });

  assert.deepEqual(countsOf(await db.import(roster, staff)), { records: 2, created: 1, unchanged: 1 });

  assert.deepEqual(await usersOf(db), ["A active - -", "B active - -", "K active - -"]);
  assert.deepEqual((await findUser(db.sql, "B"))!.feeds, { students: "active" });
});

onServer("a user whose id is the old id of a record is not missing, even if the record fails", async (db) => {
  await db.addUsers({ unique_id: "A" }, { unique_id: "K" }, { unique_id: "gone" });
  const way = { settings: { missing_users: "archive" as const } };
  const report = await db.import("unique_id,old_unique_id,login_source,province\nB,A,ldap,Quebec\nK,,ldap,\n", way);
  assert.deepEqual(countsOf(report), { records: 2, unchanged: 1, failed: 1, missing_archived: 1 });
  assert.deepEqual(await usersOf(db), ["A active - -", "K active - -", "gone archived - -"]);
});

onServer("no user counts as missing if an old id could not be read", async (db) => {
  await db.addUsers({ unique_id: "A" }, { unique_id: "K" });
  const way = { settings: { missing_users: "archive" as const } };
  const report = await db.import("unique_id,old_unique_id,login_source\nB,A\u200b,ldap\nK,,ldap\n", way);
  assert.deepEqual(countsOf(report), { records: 2, unchanged: 1, failed: 1 });
  assert.deepEqual(report.warnings.map(({ code }) => code), ["missing_users_kept"]);
});

onServer(
  "renames and merges pass the guard, but a loss of access in the record of a renamed user does not",
  async (db) => {
    await db.addUsers({ unique_id: "A" }, { unique_id: "B" }, { unique_id: "C" }, { unique_id: "E" });
    const settings = { archive_inactive_users: true, archive_guard: { max_percent: 0, min_users: 0 } };
    const report = await db.import(
      "unique_id,old_unique_id,login_source,active\nB,A,ldap,1\nD,C,ldap,0\nF,E,ldap,1\n",
      { settings },
    );
    assert.deepEqual(countsOf(report), { records: 3, updated: 2, held: 1, renamed: 2, merged: 1 });
    assert.deepEqual((await listHeld(db.sql, report.id!, { limit: 9 }))!.held.map(({ unique_id }) => unique_id), ["D"]);
    const approved = await approveHold(db.database, report.id!, signal, "admin");
    assert.equal(approved!.archived, 1);
    assert.deepEqual(await usersOf(db), ["A archived - -", "B active - -", "D archived - -", "F active - -"]);
    await undo(db, report.id);
    assert.deepEqual(await usersOf(db), ["A active - -", "B active - -", "C active - -", "E active - -"]);
  },
);

onServer("an open hold moves with a renamed user", async (db) => {
  await db.addUsers({ unique_id: "A" });
  const settings = { archive_inactive_users: true, archive_guard: { max_percent: 0, min_users: 0 } };
  const held = await db.import("unique_id,login_source,active\nA,ldap,0\n", { settings });
  await db.import("unique_id,old_unique_id,login_source\nB,A,ldap\n", { settings });
  assert.deepEqual((await findUser(db.sql, "B"))!.holds.map(({ import: id }) => id), [held.id]);
  assert.equal((await approveHold(db.database, held.id!, signal, "admin"))!.archived, 1);
  assert.deepEqual(await usersOf(db), ["B archived - -"]);
});

onServer("a rename is not undone while another user has the old id", async (db) => {
  await db.addUsers({ unique_id: "A", city: "Ottawa" });
  await addPermit(db, "A", "P1");
  const { id } = await db.import("unique_id,old_unique_id,login_source,city\nB,A,ldap,Hull\n");
  await db.addUsers({ unique_id: "A" });

  const { left_out, restored } = (await undo(db, id))!;

  assert.deepEqual([restored, left_out], [1, [{ unique_id: "B", reason: 'unique_id is now taken by user "A"' }]]);
  assert.deepEqual(await usersOf(db), ["A active - -", "B active Ottawa -"]);
  assert.deepEqual(await permitsOf(db), ["B P1 active"]);
});

onServer("an undo of a merge does not move permits that have changed since", async (db) => {
  await db.addUsers({ unique_id: "A" }, { unique_id: "B" }, { unique_id: "C" });
  for (const no of ["P1", "P2", "P3"]) await addPermit(db, "A", no);
  const { id } = await db.import("unique_id,old_unique_id,login_source\nB,A,ldap\n");
  await db.sql`update rosterd.permits set status = 'lost' where permit_no = 'P1'`;
  await db.sql`update rosterd.permits set unique_id = 'C' where permit_no = 'P2'`;
  await addPermit(db, "B", "P4");

  const undone = (await undo(db, id))!;

  assert.deepEqual([undone.permits_restored, undone.left_out], [1, [
    { unique_id: "B", reason: 'permit "P1" stays as it is: it has changed since' },
    { unique_id: "C", reason: 'permit "P2" stays as it is: it has changed since' },
  ]]);
  assert.deepEqual(await permitsOf(db), ["B P1 lost", "C P2 active", "A P3 active", "B P4 active"]);
});

onServer(
  "a replaced move_permits is called for each rename and merge, and in reverse by an undo",
  async (db) => {
    await db.addUsers({ unique_id: "A" }, { unique_id: "B" }, { unique_id: "C" }, { unique_id: "K" }, {
      unique_id: "L",
    });
    await db.sql.unsafe(`
    create table calls (old_id text, new_id text, import_id bigint);
    create or replace function rosterd.move_permits(old_id text, new_id text, import_id bigint) returns bigint
    language plpgsql as $$ begin
      insert into calls values (old_id, new_id, import_id);
      return case old_id when 'K' then 0 else 2 end;
    end $$`);
    const { id } = await db.import("unique_id,old_unique_id,login_source\nB,A,ldap\nD,C,ldap\nL,K,ldap\nM,X,ldap\n");
    const callsOf = async () =>
      (await db.sql`select * from calls order by old_id`).map((call) => Object.values(call).join(" "));
    assert.deepEqual(await callsOf(), [`A B ${id}`, `C D ${id}`, `K L ${id}`]);
    await db.sql`delete from calls`;
    await undo(db, id);
    assert.deepEqual(await callsOf(), [`B A ${id}`, `D C ${id}`], "no call for a merge that moved no permits");
  },
);

onServer("a trial records the renames and merges that it would make, and changes nothing", async (db) => {
  await db.addUsers({ unique_id: "A" }, { unique_id: "B" }, { unique_id: "C", email: "c@x.org", state: "archived" });
  const users = await usersOf(db);
  const report = await db.import(
    "unique_id,old_unique_id,login_source,email\nB,A,ldap,c@x.org\nD,C,ldap,\n",
    { settings: { apply: false } },
  );
  assert.deepEqual(countsOf(report), { records: 2, updated: 2, renamed: 1, merged: 1 });
  assert.deepEqual(await usersOf(db), users);
  const changes = (await listChanges(db.sql, report.id!, { limit: 9 }))!.changes;
  assert.deepEqual(changes.map(({ unique_id, outcome, columns }) => [unique_id, outcome, columns]), [
    ["A", "archived", { merged_into: [null, "B"], active: ["1", "0"] }],
    ["B", "updated", { old_unique_id: [null, "A"], email: [null, "c@x.org"] }],
    ["D", "updated", { unique_id: ["C", "D"], email: ["c@x.org", null] }],
  ]);
});

onServer("renames are planned again after another program changed the users", async (db) => {
  await db.addUsers({ unique_id: "A" }, { unique_id: "C" }, { unique_id: "E" });
  await withOther(db, async (other) => {
    const edit = transactionOf(other, async (tx) => {
      await tx`delete from rosterd.users where unique_id = 'A'`;
      await tx`update rosterd.users set city = 'Hull' where unique_id = 'C'`;
    });
    await edit.begun;
    const importing = db.import("unique_id,old_unique_id,login_source\nB,A,ldap\nD,C,ldap\nF,E,ldap\n");
    await importYields(db);
    await edit.commit();
    assert.deepEqual(countsOf(await importing), { records: 3, created: 1, updated: 2, renamed: 2 });
  });
  assert.deepEqual(await usersOf(db), ["B active - -", "D active Hull -", "F active - -"]);
});

onServer("an import waits for permits of an old id that another program is changing", async (db) => {
  await db.addUsers({ unique_id: "A" });
  await addPermit(db, "A", "P1");
  await withOther(db, async (other) => {
    const edit = transactionOf(other, async (tx) => void await tx`update rosterd.permits set status = 'lost'`);
    await edit.begun;
    const importing = db.import("unique_id,old_unique_id,login_source\nB,A,ldap\n");
    await importYields(db);
    await edit.commit();
    assert.deepEqual(countsOf(await importing), { records: 1, updated: 1, renamed: 1 });
  });
  assert.deepEqual(await permitsOf(db), ["B P1 lost"]);
});

onServer("an undo of a merge returns only the merged permits, even if the new user is gone", async (db) => {
  await db.addUsers({ unique_id: "A" }, { unique_id: "B" });
  await addPermit(db, "A", "P1");
  await addPermit(db, "B", "P2");
  const { id } = await db.import("unique_id,old_unique_id,login_source\nB,A,ldap\n");
  await db.sql`delete from rosterd.users where unique_id = 'B'`;

  const { permits_restored } = (await undo(db, id))!;

  assert.equal(permits_restored, 1);
  assert.deepEqual(await permitsOf(db), ["A P1 active", "B P2 active"]);
});
