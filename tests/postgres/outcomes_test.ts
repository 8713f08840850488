/**
 * The counts of an import add up, and only values that differ are written. `rules_table_test.ts` covers the outcome for
 * each user.
 */
import assert from "node:assert/strict";
import { OUTCOMES } from "../../src/domain/outcome.ts";
import { countsOf, onEachDatabase, onServer } from "./roster_database.ts";

onEachDatabase("records of one roster have different outcomes, and their counts add up", async (db) => {
  await db.addUsers(
    { unique_id: "same" },
    { unique_id: "moved" },
    { unique_id: "gone" },
    { unique_id: "back", state: "archived" },
  );
  const roster = `unique_id,login_source,city,active
new,ldap,Ottawa,1
same,ldap,,1
moved,ldap,Hull,1
gone,ldap,,0
back,ldap,,1
new,ldap,Ottawa,1
new,ldap,Hull,1
bad,,,1
bad2,ldap,,yes
bad3,ldap
`;

  const report = await db.import(roster, { settings: { archive_inactive_users: true } });

  const expected = { created: 1, unchanged: 1, updated: 1, archived: 1, reactivated: 1, skipped: 1, failed: 4 };
  assert.deepEqual(countsOf(report), { records: 10, ...expected });
  assert.equal(OUTCOMES.reduce((sum, outcome) => sum + report[outcome], 0), report.records);
  const entry = (await db.store.find(report.id!))!;
  assert.deepEqual(countsOf({ ...entry, bytes: 0, failed_new: 0 }), countsOf(report), "the history shows the same");
  assert.equal(entry.status, "failed_records");
});

onServer("only rows with a difference are updated, and only in the columns that differ", async (db) => {
  await db.addUsers(
    { unique_id: "1", city: "Ottawa", street: "1 Elm", date_of_birth: "1999-12-31" },
    { unique_id: "2", city: "Hull" },
  );
  await db.sql`create table changed (unique_id text, columns text)`;
  await db.sql.unsafe(`
    create function note_change() returns trigger language plpgsql as $$
    begin
      insert into changed select new.unique_id, string_agg(a.key, ' ' order by a.key)
      from jsonb_each(to_jsonb(old)) as a join jsonb_each(to_jsonb(new)) as b on a.key = b.key and a.value <> b.value;
      return null;
    end $$;
    create trigger note_change after update on rosterd.users for each row execute function note_change()`);

  await db.import(`unique_id,login_source,city,street,date_of_birth,zip
1,ldap,Toronto,1 Elm,1999-12-31,
2,ldap,Hull,,,
`);

  assert.deepEqual([...await db.sql`select * from changed`], [{ unique_id: "1", columns: "city updated_at" }]);
});
