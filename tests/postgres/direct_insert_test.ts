/**
 * The first import creates users by direct insert (docs/people.md#first-imports). `check` stages all records and must
 * produce the same results.
 */
import assert from "node:assert/strict";
import { held } from "./held_file.ts";
import { countsOf, onServer, type RosterDatabase, type Way } from "./roster_database.ts";

/** Checks a roster, imports it and compares the two results. */
async function importing(db: RosterDatabase, roster: string, way: Way = {}) {
  const foreseen = await db.check(roster, way);
  const done = await db.import(roster, way);
  assert.deepEqual(countsOf(done), countsOf(foreseen));
  assert.deepEqual(done.failures, foreseen.failures);
  return done;
}

const HEADER = "unique_id,login_source,user_name,email,city,data_of_birth,active\n";

onServer("the first import creates users with all kinds of values", async (db) => {
  const report = await importing(
    db,
    HEADER + '1,ldap,Ann,a@x.ca,Montréal,1899-12-31,1\n2,ldap,,,"a ""b""",2000-02-29,\n3,ldap,(clear),,,0001-01-01,1\n',
  );

  assert.deepEqual(countsOf(report), { records: 3, created: 3 });
  const { 1: one, 2: two, 3: three } = await db.users();
  assert.deepEqual([one.city, one.date_of_birth, one.active, one.user_name], ["Montréal", "1899-12-31", true, "Ann"]);
  assert.deepEqual([two.city, two.date_of_birth, two.active, two.email], ['a "b"', "2000-02-29", true, null]);
  assert.deepEqual([three.city, three.date_of_birth, three.user_name], [null, "0001-01-01", null]);
  const [{ by, ids }] = await db.sql`select min(created_by_import) as by, count(*) as ids from rosterd.users`;
  assert.deepEqual([by, ids], [report.id, 3]);
});

onServer("an inactive user in the first roster is created archived, with permits released", async (db) => {
  await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', '2')`;

  const report = await importing(db, HEADER + "1,ldap,,,,,1\n2,ldap,,,,,0\n", {
    settings: { archive_inactive_users: true },
  });

  assert.deepEqual(countsOf(report), { records: 2, created: 2, permits_released: 1 });
  assert.deepEqual(Object.values(await db.users()).map(({ archived }) => archived), [false, true]);
});

onServer("repeated and taken values in the first roster fail as usual, and the failures name the lines", async (db) => {
  const report = await importing(
    db,
    HEADER +
      "1,ldap,ann,a@x.ca,,,\n" +
      "2,ldap,bob,b@x.ca,,,\n" +
      "3,ldap,ANN,c@x.ca,,,\n" + // has the user_name of line 2
      "4,ldap,,B@x.ca,,2000-13-01,\n" + // has an invalid date
      "5,ldap,,b@x.ca,,,\n" + // has the email of line 3
      "1,ldap,ann,a@x.ca,,,\n" + // repeats line 2
      "2,ldap,bob,b@x.ca,Hull,,\n" + // repeats the id of line 3 with another city
      "6,ldap,,,,x,\n" +
      "6,ldap,,,,,\n" + // repeats the id of a failed record
      "7,ldap,,,,,\n",
  );

  assert.deepEqual(countsOf(report), { records: 10, created: 3, skipped: 1, failed: 6 });
  assert.deepEqual(report.failures.map(({ line, problems }) => [line, ...problems.map(({ code }) => code)]), [
    [4, "9020"],
    [5, "9033"],
    [6, "9019"],
    [8, "9022"],
    [9, "9033"],
    [10, "9022"],
  ]);
  assert.match(report.failures[0].problems[0].reason, /the record on line 2$/);
  assert.deepEqual(Object.keys(await db.users()), ["1", "2", "7"]);
});

onServer("with many possible duplicates, all records of the affected users are restaged", async (db) => {
  const users = 100_001, numbers = Array.from({ length: users }, (_, at) => at);
  const roster = "unique_id,login_source,city\n" +
    [...numbers.map((n) => `U${n},ldap,Ottawa`), ...numbers.map((n) => `U${n},ldap,${n === 7 ? "Hull" : "Ottawa"}`), ""]
      .join("\n");

  for (const counts of [{ created: users }, { unchanged: users }]) {
    const report = await db.import(roster);
    assert.deepEqual(countsOf(report), { records: 2 * users, ...counts, skipped: users - 1, failed: 1 });
    assert.deepEqual([report.failures[0].unique_id, report.failures[0].line], ["U7", 2 + users + 7]);
  }
  // In the second import, each user already exists and is still in the file twice.
  const single = roster.split("\n").slice(0, users + 1).join("\n") + "\n";
  for (let n = 0; n < 2; n++) assert.deepEqual(countsOf(await db.import(single)), { records: users, unchanged: users });
  const report = await db.import(roster);
  assert.deepEqual(countsOf(report), { records: 2 * users, unchanged: users, skipped: users - 1, failed: 1 });
});

onServer(
  "users whom another program creates during the first import are kept, and the file is imported",
  async (db) => {
    const roster = HEADER + "1,ldap,,,Ottawa,,\n2,ldap,,,,,\n";

    const report = await db.import(roster, {
      through: (file) => ({
        name: file.name,
        size: file.size,
        close: () => file.close(),
        changed: () => file.changed(),
        async *read(into) {
          await db
            .sql`insert into rosterd.users (unique_id, login_source) values ('1', 'other') on conflict do nothing`;
          yield* file.read(into);
        },
      }),
    });

    assert.deepEqual(countsOf(report), { records: 2, created: 1, updated: 1 });
    assert.equal((await db.users())[1].city, "Ottawa");
  },
);

onServer(
  "an import is rolled back if another program creates one of its users, and the next attempt succeeds",
  async (db) => {
    const users = 60_000;
    const roster = "unique_id,login_source,street\n" +
      Array.from({ length: users }, (_, n) => `U${n},ldap,${"Main Street ".repeat(6)}\n`).join("");
    const { way, reached, release } = held("copying");

    const importing = db.import(roster, way);
    await reached;
    await db.sql`insert into rosterd.users (unique_id, login_source) values (${`U${users - 1}`}, 'other')`;
    release();
    const report = await importing;

    assert.deepEqual([report.status, report.reason!.code], ["error", "23505"]);
    assert.deepEqual(Object.keys(await db.users()), [`U${users - 1}`]);
    assert.deepEqual(countsOf(await db.import(roster)), { records: users, created: users - 1, updated: 1 });
  },
);
