/** Values are stored exactly, character by character, whatever the order of the records. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { isGuarded } from "../../src/importer/checks/spreadsheet.ts";
import { csvOf, onEachDatabase, onServer, type RosterDatabase } from "./roster_database.ts";

/**
 * Any valid value of at most 50 code points: without control characters (including U+0080 to U+009F), except CR, LF and
 * TAB.
 */
const text = fc.array(
  fc.oneof(
    fc.constantFrom(
      '"',
      "\\",
      "\t",
      "\r",
      "\n",
      "\r\n",
      ",",
      ";",
      "\\N",
      "\\.",
      "'",
      "$1",
      " ",
      "😀",
      "é",
      "\u00a0",
      "\ufeff",
    ),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  { maxLength: 25 },
).map((parts) => parts.join(""))
  // deno-lint-ignore no-control-regex
  .filter((text) => !/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(text) && !isGuarded(text));

/** No clear token is set, so any text that is not empty is a value. */
const settings = { clear_token: "" };

async function stored(db: RosterDatabase, values: readonly Record<string, string>[]): Promise<object[]> {
  await db.sql`delete from rosterd.users`;
  const records = values.map((value, at) => ({ unique_id: `${1000 + at}`, login_source: "ldap", ...value }));
  const report = await db.import(csvOf(records), { settings });
  assert.deepEqual([report.reason, report.failures], [null, []]);
  return Object.values(await db.users());
}

onEachDatabase("any text is stored unchanged", async (db) => {
  const value = fc.record({ first_name: text, last_name: text, street: text, city: text });
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 40 }), async (values) => {
      const users = await stored(db, values);
      values.forEach((value, at) => {
        for (const [name, text] of Object.entries(value)) {
          assert.equal((users[at] as Record<string, unknown>)[name], text === "" ? null : text);
        }
      });
    }),
    { numRuns: 40, interruptAfterTimeLimit: 20_000 },
  );
});

onEachDatabase("megabytes of text are stored unchanged", async (db) => {
  const street = '😀é\u4e00\u00df\\"\n'.repeat(28);
  const values = Array.from({ length: 5_000 }, (_, at) => ({ city: `${at}`, street: `${at}${street}`.slice(0, 200) }));

  const users = await stored(db, values);

  assert.deepEqual(
    users.map((user) => ({ city: (user as typeof values[0]).city, street: (user as typeof values[0]).street })),
    values,
  );
});

onEachDatabase("a value of 64 KiB is too long, and the failures quote it unchanged", async (db) => {
  const long = "\\N \"x\" 'y' \t\n\\.\n😀 ".repeat(3_000);
  const unique_id = `>${long}`.slice(0, 40_000) + "<";

  const report = await db.import(
    csvOf([{ unique_id, login_source: "ldap" }, { unique_id: "1", login_source: "ldap" }]),
  );

  assert.deepEqual([report.created, report.failed], [1, 1]);
  assert.deepEqual(report.failures.map((failure) => failure.unique_id), [unique_id]);
  const [kept] = await db.sql`select unique_id from rosterd.import_failures`;
  assert.equal(kept.unique_id, unique_id);
});

onServer("SQL in a value is stored as text", async (db) => {
  const attacks = [
    "'); drop table rosterd.users; --",
    '"; delete from rosterd.users; --',
    "$$; select 1; $$",
    "\\'; --",
  ];

  const users = await stored(db, attacks.map((city) => ({ city, user_name: city.slice(0, 40) })));

  assert.deepEqual(users.map((user) => (user as { city: string }).city), attacks);
});

onServer("the order of records does not affect the resulting table", async (db) => {
  const id = fc.integer({ min: 0, max: 20 }).map(String);
  const record = fc.record({
    unique_id: id,
    city: fc.constantFrom("", "(clear)", "Ottawa", "Hull"),
    active: fc.constantFrom("", "0", "1"),
  });
  const roster = fc.uniqueArray(record, { selector: ({ unique_id }) => unique_id, minLength: 2 });
  const shuffled = roster.chain((records) =>
    fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length }))
  );
  await fc.assert(
    fc.asyncProperty(shuffled, fc.boolean(), async ([records, others], archive_inactive_users) => {
      const tables = [];
      for (const order of [records, others]) {
        await db.clear();
        await db.addUsers(
          ...["1", "2", "3", "4"].map((unique_id) => ({ unique_id, user_name: `${unique_id}a`, city: "Hull" })),
          { unique_id: "5", state: "archived" },
          { unique_id: "6", state: "disabled" },
        );
        // Each name moves to the next user, so the order in which users are written could matter.
        const roster = order.map((record) => ({ ...record, user_name: `${record.unique_id}a`, login_source: "ldap" }));
        await db.import(csvOf(roster), { settings: { archive_inactive_users } });
        tables.push(await db.users());
      }
      assert.deepEqual(tables[1], tables[0]);
    }),
    { numRuns: 40, interruptAfterTimeLimit: 20_000 },
  );
});
