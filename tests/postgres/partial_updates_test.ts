/** Tests the effects of an absent column, an empty value and the clear token (docs/file-format.md#partial-updates). */
import assert from "node:assert/strict";
import type { Settings } from "../../src/domain/settings.ts";
import { csvOf, onEachDatabase, onServer, type RosterDatabase, type User } from "./roster_database.ts";

/** Columns of different kinds: text, a region, a unique value and a date. */
const VALUES = { city: "Ottawa", province: "ON", user_name: "anna", email: "a@x.org", date_of_birth: "1999-12-31" };
const NOTHING = { city: null, province: null, user_name: null, email: null, date_of_birth: null };

async function after(db: RosterDatabase, values: Record<string, string>, settings: Partial<Settings>): Promise<User> {
  await db.clear();
  await db.addUsers({ unique_id: "1", ...VALUES });
  const record: Record<string, string> = { unique_id: "1", login_source: "ldap", ...values };
  await db.import(csvOf([record]), { settings });
  const user = (await db.users())["1"];
  return Object.fromEntries(Object.keys(VALUES).map((name) => [name, user[name]]));
}

const each = (value: string) => Object.fromEntries(Object.keys(VALUES).map((name) => [name, value]));

onEachDatabase(
  "an absent column keeps the value, an empty value keeps or clears it, and the clear token clears it",
  async (db) => {
    assert.deepEqual(await after(db, {}, { empty_values: "clear" }), VALUES, "absent columns");
    assert.deepEqual(await after(db, each(""), { empty_values: "keep" }), VALUES, "empty values that keep");
    assert.deepEqual(await after(db, each(""), { empty_values: "clear" }), NOTHING, "empty values that clear");
    assert.deepEqual(await after(db, each("(clear)"), { empty_values: "keep" }), NOTHING, "the clear token");
    assert.deepEqual(await after(db, each("-"), { clear_token: "-" }), NOTHING, "another clear token");
  },
);

onServer("a disabled clear token is an ordinary value", async (db) => {
  assert.equal((await after(db, { city: "(clear)" }, { clear_token: "" })).city, "(clear)");
});

onServer("a missing value of a new user is NULL, never an empty text", async (db) => {
  const values = { ...each(""), street: "(clear)" };
  for (const empty_values of ["keep", "clear"] as const) {
    await db.clear();
    await db.import(csvOf([{ unique_id: "1", login_source: "ldap", ...values }]), { settings: { empty_values } });
    const { unique_id: _, login_source: __, active, archived, ...others } = (await db.users())["1"];
    assert.deepEqual([active, archived], [true, false]);
    assert.deepEqual(new Set(Object.values(others)), new Set([null]));
  }
});

onServer("an empty active changes nothing, even if empty values clear", async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2", state: "disabled" }, { unique_id: "3", state: "archived" });
  const before = await db.users();

  const report = await db.import("unique_id,login_source,active\n1,ldap,\n2,ldap,\n3,ldap,\n", {
    settings: { empty_values: "clear", archive_inactive_users: true },
  });

  assert.equal(report.unchanged, 3);
  assert.deepEqual(await db.users(), before);
});

onServer("required columns cannot be cleared: 9013, 9014 and 9031, and the user does not change", async (db) => {
  await db.addUsers({ unique_id: "1", city: "Ottawa" });
  const before = await db.users();
  const settings = { required_columns: ["city"], empty_values: "clear" as const };

  const report = await db.import(
    `unique_id,login_source,city
1,ldap,
1,ldap,(clear)
2,(clear),Hull
3,,Hull
,ldap,Hull
`,
    { settings },
  );

  assert.deepEqual(report.failures.map(({ line, problems }) => [line, ...problems.map(({ code }) => code)]), [
    [2, "9031"],
    [3, "9022", "9031"],
    [4, "9031"],
    [5, "9014"],
    [6, "9013"],
  ]);
  assert.deepEqual(await db.users(), before);
});
