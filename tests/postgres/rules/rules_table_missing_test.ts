/** Missing users, and files that may be incomplete (docs/people.md#missing-users). */
import assert from "node:assert/strict";
import { oneConnection, removeAll } from "../one_connection.ts";
import { importYields, transactionOf, withOther } from "../locks/other_program.ts";
import { countsOf, onServer, type RosterDatabase } from "../roster_database.ts";

const settings = { missing_users: "archive" as const };

/** Returns the state of each user, by unique_id. */
async function statesOf(db: RosterDatabase): Promise<Record<string, string>> {
  const users = Object.values(await db.users());
  return Object.fromEntries(
    users.map(({ unique_id, active, archived }) => [unique_id, archived ? "archived" : active ? "active" : "disabled"]),
  );
}

/**
 * Rosters without user 2, and the warning for each; null if the roster is complete, in which case user 2 is archived.
 */
const ROSTERS: Record<string, [roster: string, why: RegExp | null]> = {
  "an unreadable record": [
    "unique_id,login_source,city\n1,ldap,Hull\n9,ldap\n",
    /: the unique_id of 1 record could not be read, first on line 3$/,
  ],
  "a record with an unclosed quote": [
    'unique_id,login_source,city\n1,ldap,Hull\n9,ldap,"Hull\n',
    /: the unique_id of 1 record could not be read, first on line 3$/,
  ],
  "records without a unique_id": [
    "unique_id,login_source,city\n,ldap,Hull\n1,ldap,Hull\n,ldap,Hull\n",
    /: the unique_id of 2 records could not be read, first on line 2$/,
  ],
  "a blank unique_id": [
    'unique_id,login_source,city\n1,ldap,Hull\n"  ",ldap,Hull\n',
    /: the unique_id of 1 record could not be read, first on line 3$/,
  ],
  "a unique_id with a zero-width character": [
    "unique_id,login_source,city\n1,ldap,Hull\n2\u200b,ldap,Hull\n",
    /: the unique_id of 1 record could not be read, first on line 3$/,
  ],
  "a unique_id that is too long": [
    `unique_id,login_source,city\n1,ldap,Hull\n${"2".repeat(51)},ldap,Hull\n`,
    /: the unique_id of 1 record could not be read, first on line 3$/,
  ],
  "a cleared unique_id": [
    "unique_id,login_source,city\n1,ldap,Hull\n(clear),ldap,Hull\n",
    /: the unique_id of 1 record could not be read, first on line 3$/,
  ],
  "a repeated record, and a record without a unique_id": [
    "unique_id,login_source,city\n1,ldap,Hull\n1,ldap,Ottawa\n,ldap,Ottawa\n",
    /: the unique_id of 1 record could not be read, first on line 4$/,
  ],
  "a column that rosterd added": [
    "unique_id,login_source,city,rosterd_line\n1,ldap,Hull,7\n",
    /: the file has a rosterd_… column, so it is a failed-records file$/,
  ],
  "a column that rosterd added, spelled differently": [
    "unique_id,login_source,city,Rosterd Code\n1,ldap,Hull,\n",
    /: the file has a rosterd_… column, so it is a failed-records file$/,
  ],
  "no records": ["unique_id,login_source,city\n", /: no records were applied$/],
  "only failed records": [
    `unique_id,login_source,city\n1,ldap,${"x".repeat(51)}\n3,,Hull\n`,
    /: no records were applied$/,
  ],
  "only a record with a taken email": [
    "unique_id,login_source,email\n1,ldap,taken@x.org\n",
    /: no records were applied$/,
  ],
  "no problems": ["unique_id,login_source,city\n1,ldap,Hull\n", null],
  "only records that change nothing": ["unique_id,login_source,city\n1,ldap,Ottawa\n", null],
  "a repeated record that failed": ["unique_id,login_source,city\n1,ldap,Hull\n1,ldap,Ottawa\n", null],
  "a repeated record that was skipped": ["unique_id,login_source,city\n1,ldap,Hull\n1,ldap,Hull\n", null],
  "a record that failed because of another value": [
    "unique_id,login_source,city,province\n1,ldap,Hull,\n7,ldap,Hull,Quebec\n",
    null,
  ],
  "a record that failed because of its login source": ["unique_id,login_source,city\n1,ldap,Hull\n7,,Hull\n", null],
  "a record that failed because of a taken email": [
    "unique_id,login_source,email\n1,ldap,\n7,ldap,taken@x.org\n",
    null,
  ],
};

onServer("no user is missing from a file that may be incomplete, and a warning says why", async (db, t) => {
  await using one = oneConnection(db);
  const way = { settings, store: one.store };
  for (const [name, [roster, why]] of Object.entries(ROSTERS)) {
    await t.step(name, async () => {
      await removeAll(db);
      await db.addUsers(
        { unique_id: "1", city: "Ottawa" },
        { unique_id: "2" },
        { unique_id: "elsewhere", email: "taken@x.org", feeds: {} },
      );

      const foreseen = await db.check(roster, way);
      const report = await db.import(roster, way);

      assert.equal(report.reason, null);
      assert.equal(report.missing_archived, why === null ? 1 : 0);
      assert.deepEqual(countsOf(foreseen), countsOf(report));
      const { 1: one, 2: two, elsewhere } = await statesOf(db);
      assert.deepEqual([one, two, elsewhere], ["active", why === null ? "archived" : "active", "active"]);
      const said = report.warnings.filter(({ code }) => code === "missing_users_kept").map(({ text }) => text);
      if (why === null) assert.deepEqual(said, []);
      else assert.match(said.join("\n"), new RegExp(`^no users were archived as missing${why.source}`));
      assert.deepEqual(foreseen.warnings, report.warnings);
    });
  }
});

onServer('with missing_users "keep", no user is missing and no warning is given', async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2" });
  const report = await db.import("unique_id,login_source\n1,ldap\n,ldap\n");
  assert.deepEqual([await statesOf(db), report.warnings], [{ 1: "active", 2: "active" }, []]);
});

onServer("a file that may be incomplete still archives users whose records are inactive", async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2" }, { unique_id: "3", state: "archived" });
  const report = await db.import("unique_id,login_source,active\n1,ldap,0\n3,ldap,\n,ldap,1\n", {
    settings: { ...settings, archive_inactive_users: true },
  });
  assert.deepEqual(countsOf(report), { records: 3, archived: 1, reactivated: 1, failed: 1 });
  assert.deepEqual(await statesOf(db), { 1: "archived", 2: "active", 3: "active" });
});

onServer("a user whose record failed is not missing", async (db) => {
  await db.addUsers(
    { unique_id: "1" },
    { unique_id: "2", login_source: "hr", city: "Ottawa", email: "taken@x.org", feeds: {} },
    { unique_id: "3", login_source: "hr" },
    { unique_id: "4", login_source: "hr" },
  );
  // The records contain an invalid value, a taken value, a repeated id and a skipped repetition of a failed record.
  const report = await db.import(
    `unique_id,login_source,email,province
1,ldap,,
3,hr,,Quebec
4,hr,taken@x.org,
1,hr,,
3,hr,,Quebec
`,
    { settings },
  );
  assert.deepEqual(countsOf(report), { records: 5, unchanged: 1, skipped: 1, failed: 3 });
  assert.deepEqual(Object.values(await statesOf(db)), Array(4).fill("active"));
  assert.deepEqual(report.warnings, []);
});

onServer("users whom the feed no longer names are missing, whatever their login source", async (db) => {
  await db.addUsers(
    { unique_id: "failed" },
    { unique_id: "taken", email: "b@x.org" },
    { unique_id: "moved" },
    { unique_id: "absent" },
    { unique_id: "disabled", state: "disabled" },
    { unique_id: "owner", email: "a@x.org", login_source: "hr" },
    { unique_id: "hr", login_source: "hr" },
    { unique_id: "by hand", feeds: {} },
    { unique_id: "staff", feeds: { staff: true } },
  );
  const report = await db.import(
    `unique_id,login_source,email,province
new,ldap,,
failed,ldap,,Quebec
taken,ldap,a@x.org,
moved,hr,,
owner,hr,,
`,
    { settings },
  );
  const counts = { records: 5, created: 1, updated: 1, unchanged: 1, failed: 2, missing_archived: 3 };
  assert.deepEqual(countsOf(report), counts);
  const states = await statesOf(db);
  assert.deepEqual(Object.keys(states).filter((id) => states[id] === "archived"), ["absent", "disabled", "hr"]);
});

onServer("the guard counts users in their previous login source", async (db) => {
  const many = Array.from({ length: 50 }, (_, at) => ({ unique_id: `l${at}` }));
  await db.addUsers(...many, ...["1", "2", "3"].map((unique_id) => ({ unique_id, login_source: "small" })));
  const roster = "unique_id,login_source,active\n1,ldap,0\n2,ldap,0\n3,small,1\n";
  const guard = (max_percent: number) => ({ settings: { archive_guard: { max_percent, min_users: 1 } } });

  const held = await db.import(roster, guard(66));
  assert.deepEqual(countsOf(held), { records: 3, unchanged: 1, held: 2 });
  const [{ hold_reason }] = await db.sql`select hold_reason from rosterd.imports`;
  assert.match(hold_reason, /"small"/);
  assert.doesNotMatch(hold_reason, /"ldap"|of all/);

  await removeAll(db);
  await db.addUsers(...many, ...["1", "2", "3"].map((unique_id) => ({ unique_id, login_source: "small" })));
  const passed = await db.import(roster, guard(67));
  assert.deepEqual(countsOf(passed), { records: 3, unchanged: 1, updated: 2 });
});

onServer(
  "the guard counts missing and inactive users together, per login source and in total",
  async (db) => {
    const add = (login_source: string, count: number) =>
      db.addUsers(...Array.from({ length: count }, (_, at) => ({ unique_id: `${login_source}${at}`, login_source })));
    const roster = "unique_id,login_source,active\na0,a,0\na1,a,1\nb0,b,0\nb1,b,1\n";
    const outcome = async (archive_guard: { max_percent: number; min_users: number }) => {
      await removeAll(db);
      await add("a", 4);
      await add("b", 4);
      const { updated, missing_archived, held, missing_held } = await db.import(roster, {
        settings: { ...settings, archive_guard },
      });
      return { happened: updated + missing_archived, held: held + missing_held };
    };
    // Three of four users in each login source, six of eight in total.
    assert.deepEqual(await outcome({ max_percent: 75, min_users: 0 }), { happened: 6, held: 0 });
    assert.deepEqual(await outcome({ max_percent: 74.9, min_users: 0 }), { happened: 0, held: 6 });
    assert.deepEqual(await outcome({ max_percent: 74, min_users: 5 }), { happened: 0, held: 6 });
    assert.deepEqual(await outcome({ max_percent: 74, min_users: 6 }), { happened: 6, held: 0 });
  },
);

onServer("the guard compares losses with the number of active users, not of all users", async (db) => {
  const add = (state: string, count: number) =>
    db.addUsers(...Array.from({ length: count }, (_, at) => ({ unique_id: `${state}${at}`, state })));
  await add("active", 4);
  await add("disabled", 10);
  await add("archived", 10);
  const roster = "unique_id,login_source,active\nactive0,ldap,0\nactive1,ldap,0\n";
  const report = await db.import(roster, { settings: { archive_guard: { max_percent: 49, min_users: 0 } } });
  assert.deepEqual(countsOf(report), { records: 2, held: 2 });
});

onServer("users archived as missing count among the losses of the last 24 hours", async (db) => {
  await db.addUsers(...["1", "2", "3", "4"].map((unique_id) => ({ unique_id })));
  const way = { settings: { ...settings, archive_guard: { max_percent: 0, min_users: 1 } } };
  const first = await db.import("unique_id,login_source\n2,ldap\n3,ldap\n4,ldap\n", way);
  assert.deepEqual(countsOf(first), { records: 3, unchanged: 3, missing_archived: 1 });
  const second = await db.import("unique_id,login_source\n3,ldap\n4,ldap\n", way);
  assert.deepEqual(countsOf(second), { records: 2, unchanged: 2, missing_held: 1 });
});

onServer("missing users are planned again after another program changed them", async (db) => {
  await db.addUsers(...["1", "absent", "moved", "archived", "deleted"].map((unique_id) => ({ unique_id })));
  await withOther(db, async (other) => {
    const edit = transactionOf(other, async (tx) => {
      await tx`update rosterd.users set feeds = '{}' where unique_id = 'moved'`;
      await tx`update rosterd.users set active = false, archived_at = '2026-02-02Z' where unique_id = 'archived'`;
      await tx`delete from rosterd.users where unique_id = 'deleted'`;
    });
    await edit.begun;
    const importing = db.import("unique_id,login_source\n1,ldap\n", { settings });
    await importYields(db);
    await edit.commit();
    assert.deepEqual(countsOf(await importing), { records: 1, unchanged: 1, missing_archived: 1 });
  });
  assert.deepEqual(await statesOf(db), { 1: "active", absent: "archived", archived: "archived", moved: "active" });
  const [{ archived_at }] = await db.sql`select archived_at from rosterd.users where unique_id = 'archived'`;
  assert.equal(archived_at.toISOString(), "2026-02-02T00:00:00.000Z");
});
