/** An archived user gives up user_name and email to another user's record (docs/file-format.md#taken-values). */
import assert from "node:assert/strict";
import { undoImport } from "../../src/postgres/history/undo.ts";
import { listChanges } from "../../src/postgres/history/import_changes.ts";
import { findUser } from "../../src/postgres/history/users.ts";
import { countsOf, onServer, type RosterDatabase } from "./roster_database.ts";

const HEADER = "unique_id,login_source,email,active\n";
const OLD = { unique_id: "old", email: "a@x.org", state: "archived" };

const undo = (db: RosterDatabase, id: number | null) =>
  undoImport(db.database, id!, new AbortController().signal, "admin");

async function emailsOf(db: RosterDatabase): Promise<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(await db.users()).map(([id, { email }]) => [id, email]));
}

onServer("an archived user gives up the email, an undo restores it, and the history shows both", async (db) => {
  await db.addUsers(OLD, { unique_id: "1", email: "1@x.org" });
  const roster = `${HEADER}1,ldap,A@x.org,\n`;
  const foreseen = await db.check(roster);

  const report = await db.import(roster);

  const changes = [
    { unique_id: "1", outcome: "updated", columns: { email: ["1@x.org", "A@x.org"] } },
    { unique_id: "old", outcome: "updated", columns: { email: ["a@x.org", null] } },
  ];
  assert.deepEqual(countsOf(report), { records: 1, updated: 1 });
  assert.deepEqual(foreseen.changes, changes);
  const listed = (await listChanges(db.sql, report.id!, { limit: 9 }))!.changes;
  assert.deepEqual(listed, changes.map((change) => ({ ...change, permits_released: [] })));
  assert.deepEqual((await findUser(db.sql, "old"))!.history.map(({ columns }) => columns), [{
    email: ["a@x.org", null],
  }]);
  assert.deepEqual(await emailsOf(db), { 1: "A@x.org", old: null });

  assert.equal((await undo(db, report.id))!.restored, 2);
  assert.deepEqual(await emailsOf(db), { 1: "1@x.org", old: "a@x.org" });
});

onServer("an undo does not restore an email that another user has now", async (db) => {
  await db.addUsers(OLD, { unique_id: "2" });
  const { id } = await db.import(`${HEADER}new,ldap,a@x.org,\n`);
  await db.sql`update rosterd.users set email = null where unique_id = 'new'`;
  await db.sql`update rosterd.users set email = 'a@x.org' where unique_id = '2'`;

  const { left_out } = (await undo(db, id))!;

  assert.deepEqual(left_out, [{ unique_id: "old", reason: 'email is now taken by user "2"' }]);
});

onServer("a user whom the same file reactivates keeps the email", async (db) => {
  await db.addUsers(OLD);
  const report = await db.import(`${HEADER}new,ldap,a@x.org,\nold,ldap,,1\n`);
  assert.deepEqual(countsOf(report), { records: 2, reactivated: 1, failed: 1 });
  assert.deepEqual(await emailsOf(db), { old: "a@x.org" });
});

onServer("a user whom the same file archives keeps the email until the next file", async (db) => {
  await db.addUsers({ ...OLD, state: "active" });
  const roster = `${HEADER}new,ldap,a@x.org,\nold,ldap,,0\n`;
  const settings = { archive_inactive_users: true };
  assert.deepEqual(countsOf(await db.import(roster, { settings })), { records: 2, archived: 1, failed: 1 });
  assert.deepEqual(countsOf(await db.import(roster, { settings })), { records: 2, created: 1, unchanged: 1 });
  assert.deepEqual(await emailsOf(db), { new: "a@x.org", old: null });
});

onServer("a record of an archived user does not keep the email, and fails from the next file on", async (db) => {
  await db.addUsers(OLD);
  // The roster is long enough for the unchanged-record cache.
  const roster = (city: string) =>
    `unique_id,login_source,email,city\nold,ldap,A@X.org,${city}\nnew,ldap,a@x.org,\n${"\n".repeat(9_000)}`;
  const first = await db.import(roster("Hull"));
  assert.deepEqual(countsOf(first), { records: 2, created: 1, updated: 1 });
  assert.deepEqual(await emailsOf(db), { new: "a@x.org", old: null });
  const second = await db.import(roster("Hull"));
  assert.deepEqual(countsOf(second), { records: 2, unchanged: 1, failed: 1 });
  assert.equal(second.failures[0].problems[0].reason, 'email "A@X.org" is taken by user "new", who is active');
});
