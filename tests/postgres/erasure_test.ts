/** Erasing a user leaves no trace of them in the database and does not change other data (docs/people.md#erasure). */
import assert from "node:assert/strict";
import { eraseUser, purgeArchived } from "../../src/postgres/history/erasure.ts";
import { undoImport } from "../../src/postgres/history/undo.ts";
import { everything, keyOf } from "./every_row.ts";
import { countsOf, onEachDatabase, onServer, type RosterDatabase } from "./roster_database.ts";

const { signal } = new AbortController();

const erase = (db: RosterDatabase, id: string, retentionDays = 0) =>
  eraseUser(db.database, id, { retentionDays, signal, by: "registry" });

const HEADER = "unique_id,login_source,last_name,email,city,active\n";
const OTHERS = Array.from({ length: 300 }, (_, at) => `other${at},ldap,Chan${at},,${"Ottawa".repeat(8)},1\n`).join("");
const file = (...lines: string[]) => HEADER + OTHERS + lines.map((line) => `${line}\n`).join("");

onEachDatabase("an erasure leaves no trace of the user in any table, and other users stay in the cache", async (db) => {
  await db.import(file("gone42,ldap,Verschwunden,gone@x.org,Hull,1", "kept1,ldap,Roy,,,1"));
  await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', 'gone42'), ('P2', 'kept1')`;
  await db.import(file("gone42,,Verschwunden,gone@x.org,Hull,1", "kept1,ldap,Roy,gone@x.org,,1"));
  const leaving = file("gone42,ldap,Verschwunden,gone@x.org,Gatineau,0", "kept1,ldap,Roy,,,1");
  const settings = { archive_inactive_users: true };
  assert.deepEqual(countsOf(await db.import(leaving, { settings })), {
    ...{ records: 302, archived: 1, unchanged: 301, permits_released: 1 },
  });
  await db.import(leaving, { settings });
  const before = await everything(db);
  for (const trace of ["gone42", "Verschwunden", "Gatineau", "gone@x.org", keyOf("gone42")]) {
    assert.ok(before.includes(trace), `${trace} was there`);
  }

  assert.deepEqual(await erase(db, "gone42"), { files: [], files_total: 0 });

  const after = await everything(db);
  for (const trace of ["gone42", "Verschwunden", "Gatineau", keyOf("gone42")]) {
    assert.ok(!after.includes(trace), `${trace} is gone`);
  }
  assert.ok(after.includes(keyOf("kept1")));
  const [failure] = await db.sql`select unique_id, problems from rosterd.import_failures`;
  assert.deepEqual(failure, {
    unique_id: "kept1",
    problems: [{
      column: "email",
      code: "9019",
      reason: 'email "gone@x.org" is taken by user "(erased)", who is active',
    }],
  });
  const permits = await db.sql`select permit_no, unique_id, status, released_by_import from rosterd.permits order by 1`;
  assert.deepEqual([...permits], [
    { permit_no: "P1", unique_id: null, status: "released", released_by_import: null },
    { permit_no: "P2", unique_id: "kept1", status: "active", released_by_import: null },
  ]);
  const [audit] = await db.sql`select erased_by, users, erased_at <= now() as is_past from rosterd.erasures`;
  assert.deepEqual(audit, { erased_by: "registry", users: 1, is_past: true });

  const [{ valid }] = await db.sql`select count(*) as valid from rosterd.known_state where xmin = written_by`;
  assert.equal(valid, 1);
  // If a roster lists the user again, they are created as a new user.
  assert.deepEqual(countsOf(await db.import(leaving.replace("Gatineau,0", "Hull,1"), { settings })), {
    ...{ records: 302, created: 1, unchanged: 301 },
  });
});

onServer("a user with access or an active permit is not erased, and an unknown user is reported", async (db) => {
  await db.addUsers({ unique_id: "in" }, { unique_id: "parked", state: "archived" }, {
    unique_id: "out",
    state: "disabled",
  });
  await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', 'parked')`;
  await assert.rejects(erase(db, "in"), { name: "CannotDecide", code: "active" });
  await assert.rejects(erase(db, "parked"), { name: "CannotDecide", code: "active_permit" });
  assert.equal(await erase(db, "nobody"), null);
  assert.deepEqual(await erase(db, "out"), { files: [], files_total: 0 });
  assert.deepEqual(Object.keys(await db.users()), ["in", "parked"]);
  await db.sql`create table public.guests (host text references rosterd.users)`;
  await db.sql`update rosterd.permits set status = 'void'`;
  await db.sql`insert into public.guests values ('parked')`;
  await assert.rejects(erase(db, "parked"), { name: "CannotDecide", code: "referenced" });
  assert.deepEqual(Object.keys(await db.users()), ["in", "parked"]);
});

onServer("an older undo lists erased users, even if it can restore nothing else", async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2" });
  const roster = "unique_id,login_source,active\n1,ldap,0\nnew,ldap,0\n2,ldap,0\n";
  const { id } = await db.import(roster, { settings: { archive_inactive_users: true } });
  await erase(db, "1");
  await erase(db, "new");
  // A later person with the same name counts as a different person.
  await db.addUsers({ unique_id: "1", state: "disabled" });

  const { left_out, ...counts } = (await undoImport(db.database, id!, signal, "admin"))!;

  assert.deepEqual(countsOf(counts), { restored: 1, left_out_total: 2 });
  assert.deepEqual(left_out, [
    { unique_id: "", reason: "the user has been erased" },
    { unique_id: "", reason: "the user has been erased" },
  ]);
  assert.equal((await db.users())["1"].active, false);
});

onServer("the response lists the files in bak that may name the user, and how long each is kept", async (db) => {
  await db.addUsers({ unique_id: "1", state: "archived" });
  await db.sql`update rosterd.users set created_at = '2026-02-01T00:00:00Z'`;
  await db.sql`
    with kept as (insert into rosterd.import_settings values ('', '{}') on conflict do nothing)
    insert into rosterd.imports (file, feed, settings_digest, status, finished_at, bak_file, failed_file, cleared_at) values
      ('old.csv', '', '', 'done', '2026-01-01T00:00:00Z', 'old.T.csv', null, null),
      ('failed.csv', 'staff', '', 'failed_records', '2026-01-02T00:00:00Z', 'failed.T.csv', 'failed.T.failed.csv', null),
      ('cleared.csv', '', '', 'done', '2026-03-01T00:00:00Z', 'cleared.T.csv', null, now()),
      ('own.csv', '', '', 'done', '2026-03-01T00:00:00Z', null, null, null),
      ('new.csv', '', '', 'done', '2026-03-02T00:00:00Z', 'new.T.csv', null, null)`;
  await db.sql`insert into rosterd.import_failures (import_id, line, unique_id, problems) values (2, 2, '1', '[]')`;
  assert.deepEqual(await erase(db, "1", 30), {
    files: [
      { import: 5, feed: "", file: "new.T.csv", kept_until: "2026-04-01T00:00:00.000Z" },
      { import: 2, feed: "staff", file: "failed.T.csv", kept_until: "2026-02-01T00:00:00.000Z" },
      { import: 2, feed: "staff", file: "failed.T.failed.csv", kept_until: "2026-02-01T00:00:00.000Z" },
    ],
    files_total: 3,
  });
});

onServer("warnings and reasons no longer quote an erased user", async (db) => {
  await db.addUsers({ unique_id: "00123", state: "archived", email: "a@x.org" }, { unique_id: "00124" });
  await db.import("unique_id,login_source\n123,ldap\n124,ldap\n125,ldap\n126,ldap\n127,ldap\n");
  await db.import("unique_id,login_source\n123,ldap\n");
  assert.ok((await everything(db)).includes("looks like 00123"));
  await erase(db, "00123");
  const left = await everything(db);
  assert.ok(!left.includes("00123"), left);
  assert.ok(left.includes("looks like 00124"));
});

onServer("users archived for longer than the setting allows are erased in batches", async (db) => {
  await db.sql`
    insert into rosterd.users (unique_id, login_source, active, archived_at)
    select 'old' || n, 'ldap', false, now() - interval '31 days' from generate_series(1, 1200) as n`;
  await db.addUsers({ unique_id: "active" }, { unique_id: "disabled", state: "disabled" });
  await db.sql`
    insert into rosterd.users (unique_id, login_source, active, archived_at) values
      ('lately', 'ldap', false, now() - interval '29 days'),
      ('parked', 'ldap', false, now() - interval '40 days'), ('host', 'ldap', false, now() - interval '40 days')`;
  await db.sql`insert into rosterd.permits (unique_id) values ('parked')`;
  await db.sql`create table public.guests (host text references rosterd.users)`;
  await db.sql`insert into public.guests values ('host')`;

  assert.equal(await purgeArchived(db.database, 30, signal), 1_200);

  assert.deepEqual(Object.keys(await db.users()), ["active", "disabled", "host", "lately", "parked"]);
  const audit = await db.sql`select erased_by, sum(users)::bigint as users from rosterd.erasures group by 1`;
  assert.deepEqual([...audit], [{ erased_by: "purge_archived_after_days", users: 1_200 }]);
});
