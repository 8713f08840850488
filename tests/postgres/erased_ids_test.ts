/**
 * Erasing a user also erases traces under their other ids, and in merges, trials and held files
 * (docs/people.md#erasure).
 */
import assert from "node:assert/strict";
import { eraseUser, purgeArchived } from "../../src/postgres/history/erasure.ts";
import { undoImport } from "../../src/postgres/history/undo.ts";
import { everything, keyOf } from "./every_row.ts";
import { type ImportReport, onServer, type RosterDatabase } from "./roster_database.ts";

const { signal } = new AbortController();
const TIGHT = { change_guard: { max_percent: 50, min_users: 1 } };

const erase = (db: RosterDatabase, id: string) =>
  eraseUser(db.database, id, { retentionDays: 0, signal, by: "registry" });

const HEADER = "unique_id,old_unique_id,login_source,last_name,email,city,active\n";
const OTHERS = Array.from({ length: 300 }, (_, at) => `other${at},,ldap,Chan${at},,${"Ottawa".repeat(8)},1\n`).join("");
const file = (...lines: string[]) => HEADER + OTHERS + lines.map((line) => `${line}\n`).join("");

const WHO = "ldap,Verschwunden,gone@x.org";

/** Asserts that all of the traces are in the database, and that none are left after these users are erased. */
async function requireErased(db: RosterDatabase, ids: readonly string[], traces: readonly string[]): Promise<void> {
  for (const trace of traces) assert.ok((await rowsWith(db, trace)).length > 0, `${trace} was there`);
  await db.sql`update rosterd.permits set status = 'expired' where unique_id in ${db.sql(ids)} and status = 'active'`;
  await db.sql`update rosterd.users set active = false where unique_id in ${db.sql(ids)}`;
  for (const id of ids) assert.notEqual(await erase(db, id), null);
  for (const trace of traces) assert.deepEqual(await rowsWith(db, trace), [], `${trace} is gone`);
}

const rowsWith = async (db: RosterDatabase, trace: string) =>
  (await everything(db)).split("\n").filter((row) => row.includes(trace));

const isHeld = ({ status, warnings }: ImportReport) =>
  status === "held" && warnings.some(({ code }) => code === "changes_held");

onServer("no trace of a renamed user is left under any id, even after a trial and a held file", async (db) => {
  await db.import(file(`gone1,,${WHO},Hull,1`, "kept1,,ldap,Roy,,,1"));
  await db.import(file(`gone1,,${WHO},Hull,1`, "kept1,,ldap,Roy,,,1"));
  // Leaves traces under the first id: a failure, another record's claim, a trial and a held file.
  await db.import(file(`gone1,,${WHO}x,Hull,perhaps`, "kept1,,ldap,Roy,gone@x.org,,1"));
  const renaming = file(`gone2,gone1,${WHO},Gatineau,1`, "kept1,,ldap,Roy,,,1");
  await db.import(renaming, { settings: { apply: false } });
  const spoiled = `${HEADER}gone1,,${WHO},Shifted,1\nother1,,ldap,Chan1,,Shifted,1\n`;
  assert.ok(isHeld(await db.import(spoiled, { settings: TIGHT })));
  await db.import(renaming);
  // Leaves traces under the new id: a held file, and another record that gives the new id as its old id.
  assert.ok(isHeld(await db.import(spoiled.replace("gone1", "gone2"), { settings: TIGHT })));
  const twice = await db.import(file(`gone2,,${WHO},Aylmer,1`, "kept1,gone2,ldap,Roy,,,1"));
  assert.match(twice.failures[0].problems[0].reason, /^old_unique_id "gone2" has a record of its own/);
  await db.import(file("kept1,gone2,ldap,Roy,,,1", "kept2,gone2,ldap,Roy,,,1"));
  await requireErased(db, ["gone2"], [
    "gone1",
    "gone2",
    "Verschwunden",
    "Gatineau",
    "Aylmer",
    "perhaps",
    keyOf("gone2"),
  ]);

  for (
    const left of [
      'old_unique_id \\"(erased)\\" has a record of its own',
      'old_unique_id \\"(erased)\\" is also on line',
      '"unique_id": "other1"',
    ]
  ) assert.ok((await rowsWith(db, left)).length > 0, left);
});

onServer("no trace of merged users is left, even if permits moved and a trial preceded the merge", async (db) => {
  const before = [`old1,,${WHO},Hull,1`, "new1,,ldap,Verschwunden,,Gatineau,1"];
  const merging = file(`new1,old1,${WHO},Gatineau,1`);
  for (const erased of [["old1", "new1"], ["new1", "old1"]]) {
    await db.import(file(...before));
    await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', 'old1')`;
    await db.import(merging, { settings: { apply: false } });
    const { merged } = await db.import(merging);
    assert.equal(merged, 1);
    const [{ moved }] = await db.sql`select count(*) as moved from rosterd.moved_permits`;
    assert.equal(moved, 1);

    await requireErased(db, erased.slice(0, 1), [`"${erased[0]}"`]);
    await requireErased(db, erased.slice(1), [`"${erased[1]}"`, "Verschwunden", "gone@x.org"]);

    await db.clear();
    await db.sql`truncate rosterd.import_changes, rosterd.import_failures, rosterd.moved_permits`;
  }
});

onServer("no trace is left of merged users who are erased together, in either order", async (db) => {
  for (let round = 1; round <= 5; round++) {
    const pairs = Array.from({ length: 20 }, (_, at) => [`old${round}x${at}`, `new${round}x${at}`]);
    await db.import(file(...pairs.flat().map((id) => `${id},,ldap,,,,1`)));
    await db.import(file(...pairs.map(([from, to]) => `${to},${from},ldap,,,,1`)));
    await db.sql`
      update rosterd.users set active = false, archived_at = now() - interval '31 days' where unique_id ~ '^(old|new)'`;
    assert.equal(await purgeArchived(db.database, 30, signal), 40);
    for (const trace of ['"old', '"new']) assert.deepEqual(await rowsWith(db, trace), []);
  }
});

onServer("an id that a renamed user had before stays with the user who has it now", async (db) => {
  await db.import(file(`gone1,,${WHO},Hull,1`));
  await db.import(file(`gone1,,${WHO},Aylmer,1`));
  await db.import(file(`gone2,gone1,${WHO},Aylmer,1`));
  await db.import(file(`gone1,,ldap,Successor,,Perth,1`));
  await db.import(file(`gone1,,ldap,Successor,,Quyon,1`));
  await db.import(file(`gone1,,ldap,Successor,,Quyon,perhaps`));

  await requireErased(db, ["gone2"], ["gone2", "Verschwunden", "Aylmer"]);

  for (const left of ['["Perth", "Quyon"]', "perhaps"]) assert.equal((await rowsWith(db, left)).length, 1);
  assert.equal((await db.users())["gone1"].last_name, "Successor");
});

onServer("no trace is left of a new id whose rename was undone", async (db) => {
  await db.import(file(`gone1,,${WHO},Hull,1`));
  const { id } = await db.import(file(`gone2,gone1,${WHO},Hull,1`));
  await db.import(file(`gone2,,${WHO},Hull,perhaps`));
  await undoImport(db.database, id!, signal, "admin");
  await requireErased(db, ["gone1"], ["gone1", "gone2", "Verschwunden"]);
});

onServer("reasons and warnings that quote lines of a file keep no trace of an erased user", async (db) => {
  await db.addUsers({ unique_id: "00123", last_name: "Verschwunden", city: "Gatineau", email: "gone@x.org" });
  await db.addUsers({ unique_id: "234" });
  const withoutHeader = await db.import("00123,ldap,Verschwunden,gone@x.org,Gatineau,1\n");
  assert.equal(withoutHeader.reason!.code, "header");
  const titles = await db.import('Report\n"00123";"Verschwunden"; Gatineau ;1\nunique_id,login_source\n234,ldap\n');
  assert.match(titles.warnings[0].text, /Verschwunden/);
  await db.import("unique_id,login_source,last_name,active\n123,ldap,Verschwunden,1\n234,ldap,,1\n");

  await requireErased(db, ["00123"], ["00123", "Verschwunden", "gone@x.org", "Gatineau"]);

  const [{ text }] = await db.sql`select reason ->> 'text' as text from rosterd.imports where reason is not null`;
  assert.match(text, /Headers found: "\(erased\)", "ldap", "\(erased\)", "\(erased\)", "\(erased\)", "1"/);
});
