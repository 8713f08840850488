/** Repeated unique_ids in one file (docs/file-format.md#repeated-ids). */
import assert from "node:assert/strict";
import { countsOf, onEachDatabase, onServer } from "./roster_database.ts";

onEachDatabase(
  "the first record counts; an identical repeat is skipped, a different one fails and names the line",
  async (db) => {
    const report = await db.import(`unique_id,login_source,city,note,zip
1,ldap,Ottawa,first,K1A
2,ldap,Hull,,
1,ldap,Ottawa,second,K1A
1,ldap,Hull,,K1A
1,ldap,Ottawa,,
2,"ldap",Hull ,x,
`);

    assert.deepEqual(countsOf(report), { records: 6, created: 2, skipped: 2, failed: 2 });
    assert.deepEqual(
      report.failures,
      [4, 5].map((at) => ({
        line: at + 1,
        unique_id: "1",
        problems: [{
          column: "unique_id",
          code: "9022",
          reason: 'unique_id "1" is already on line 2, with different values',
        }],
      })),
    );
    assert.deepEqual(Object.values(await db.users()).map(({ city }) => city), ["Ottawa", "Hull"]);
  },
);

onServer("the first record counts even if it failed", async (db) => {
  const report = await db.import(`unique_id,login_source,date_of_birth,active
1,ldap,31/12/1999,1
1,ldap,31/12/1999,1
1,ldap,1999-12-31,1
2,ldap,,maybe
2,ldap,,1
`);

  assert.deepEqual(countsOf(report), { records: 5, skipped: 1, failed: 4 });
  assert.deepEqual(report.failures.map(({ line, problems }) => [line, ...problems.map(({ code }) => code)]), [
    [2, "9033"],
    [4, "9022"],
    [5, "9033"],
    [6, "9022"],
  ]);
  assert.deepEqual(await db.users(), {});
});

onServer("a repeated record with other problems lists all of them in column order", async (db) => {
  const report = await db.import("unique_id,login_source,date_of_birth\n1,ldap,\n1,,yesterday\n");

  const [{ problems }] = report.failures;
  assert.deepEqual(problems.map(({ column, code }) => [column, code]), [
    ["unique_id", "9022"],
    ["login_source", "9014"],
    ["data_of_birth", "9033"],
  ]);
});

onServer("a cleared value and a kept value are different", async (db) => {
  const report = await db.import("unique_id,login_source,city\n1,ldap,(clear)\n1,ldap,\n1,ldap,(clear)\n");

  assert.deepEqual(countsOf(report), { records: 3, created: 1, skipped: 1, failed: 1 });
});

onServer("unique_ids that differ in letter case or in Unicode form are different users", async (db) => {
  const report = await db.import("unique_id,login_source\nabc,ldap\nABC,ldap\n\u00e9,ldap\ne\u0301,ldap\n");

  assert.deepEqual(countsOf(report), { records: 4, created: 4 });
});

onServer("records without a readable unique_id are not repeats", async (db) => {
  const report = await db.import('unique_id,login_source,city\n,ldap,Hull\n,ldap,Hull\n1,ldap\n1,ldap\n1"x,ldap,\n');

  assert.deepEqual(countsOf(report), { records: 5, failed: 5 });
  assert.deepEqual(report.failures.map(({ unique_id }) => unique_id), [null, null, null, null, null]);
});
