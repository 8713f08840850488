/**
 * Other programs change users and permits during an import. None of these programs' changes is lost, and each record is
 * applied to the new state.
 */
import assert from "node:assert/strict";
import { countsOf, csvOf, onServer, type RosterDatabase } from "../roster_database.ts";
import { gateBefore, importYields, transactionOf, waitsForLock, withOther } from "./other_program.ts";

const archiving = { archive_inactive_users: true, archive_guard: { max_percent: 100, min_users: 0 } };

/** Returns the changes recorded for the latest import, by user. */
async function auditOf(db: RosterDatabase): Promise<Record<string, unknown>> {
  const rows = await db.sql`
    select unique_id, changes - 'archived_at' as changes from rosterd.import_changes
    where import_id = (select max(id) from rosterd.imports) order by unique_id`;
  return Object.fromEntries(rows.map(({ unique_id, changes }) => [unique_id, changes]));
}

onServer("an edit after the plan is kept, except for values that the record contains", async (db) => {
  await db.addUsers({ unique_id: "1", city: "Ottawa", phone_cell: "1" }, { unique_id: "2", city: "Ottawa" });
  await withOther(db, async (other) => {
    const edit = transactionOf(other, async (tx) => {
      await tx`update rosterd.users set city = 'Aylmer', phone_cell = '9' where unique_id = '1'`;
    });
    await edit.begun;
    const importing = db.import("unique_id,login_source,city\n1,ldap,Hull\n2,ldap,Hull\n");
    await importYields(db);
    await edit.commit();

    assert.deepEqual(countsOf(await importing), { records: 2, updated: 2 });

    const users = await db.users();
    assert.deepEqual([users["1"].city, users["1"].phone_cell, users["2"].city], ["Hull", "9", "Hull"]);
    assert.deepEqual(await auditOf(db), { 1: { city: ["Aylmer", "Hull"] }, 2: { city: ["Ottawa", "Hull"] } });
  });
});

onServer(
  "after an edit that matches the record, the user counts as unchanged, and no change is recorded",
  async (db) => {
    await db.addUsers({ unique_id: "1", city: "Ottawa" });
    await withOther(db, async (other) => {
      const edit = transactionOf(other, async (tx) => {
        await tx`update rosterd.users set city = 'Hull' where unique_id = '1'`;
      });
      await edit.begun;
      const importing = db.import("unique_id,login_source,city\n1,ldap,Hull\n");
      await importYields(db);
      await edit.commit();

      assert.deepEqual(countsOf(await importing), { records: 1, unchanged: 1 });
      assert.deepEqual(await auditOf(db), {});
    });
  },
);

onServer(
  "records are applied to the new state of users who were disabled, deleted or created after the plan",
  async (db) => {
    await db.addUsers({ unique_id: "gone" }, { unique_id: "off" }, { unique_id: "silent" }, {
      unique_id: "was-off",
      state: "disabled",
    });
    await withOther(db, async (other) => {
      const edit = transactionOf(other, async (tx) => {
        await tx`update rosterd.users set active = false where unique_id in ('off', 'silent')`;
        await tx`update rosterd.users set active = true where unique_id = 'was-off'`;
        await tx`delete from rosterd.users where unique_id = 'gone'`;
        await tx`insert into rosterd.users (unique_id, login_source, phone_cell) values ('new', 'hr', '9')`;
      });
      await edit.begun;
      const records = ["gone", "off", "silent", "was-off", "new"].map((unique_id) => ({
        unique_id,
        login_source: "ldap",
        city: "Hull",
        active: unique_id === "silent" ? "" : unique_id === "was-off" ? "0" : "1",
      }));
      const importing = db.import(csvOf(records), { settings: archiving });
      await importYields(db);
      await edit.commit();

      assert.deepEqual(countsOf(await importing), { records: 5, created: 1, updated: 3, archived: 1 });

      const users = await db.users();
      assert.deepEqual(Object.fromEntries(records.map(({ unique_id }) => [unique_id, users[unique_id].active])), {
        gone: true,
        off: true,
        silent: false,
        "was-off": false,
        new: true,
      });
      assert.deepEqual([users.new.phone_cell, users.new.login_source, users.new.city], ["9", "ldap", "Hull"]);
      const audit = await auditOf(db);
      assert.deepEqual(audit["off"], { city: [null, "Hull"], active: [false, true] });
      assert.deepEqual(audit["was-off"], { city: [null, "Hull"], active: [true, false], feeds: [true, false] });
      assert.deepEqual(audit["gone"], undefined);
    });
  },
);

onServer("if another program takes an email during the import, only the record with that email fails", async (db) => {
  await db.addUsers({ unique_id: "1", email: "a@x.org" });
  await withOther(db, async (other) => {
    const edit = transactionOf(other, async (tx) => {
      await tx`insert into rosterd.users (unique_id, login_source, email) values ('theirs', 'hr', 'B@x.org')`;
    });
    await edit.begun;
    const importing = db.import("unique_id,login_source,email,city\n1,ldap,b@x.org,Hull\n2,ldap,c@x.org,Hull\n");
    await importYields(db);
    await edit.commit();

    const report = await importing;

    assert.deepEqual(countsOf(report), { records: 2, created: 1, failed: 1 });
    assert.deepEqual(report.failures[0].problems.map(({ code }) => code), ["9019"]);
    const users = await db.users();
    assert.deepEqual([users["1"].email, users["1"].city, users.theirs.email], ["a@x.org", null, "B@x.org"]);
  });
});

onServer("an edit of a locked user waits for the end of the import, and is then kept", async (db) => {
  await db.addUsers({ unique_id: "1", city: "Ottawa" });
  const gate = await gateBefore(db, "insert on rosterd.import_changes");
  await withOther(db, async (other) => {
    const importing = db.import("unique_id,login_source,city,street\n1,ldap,Hull,Main\n");
    await gate.reached();
    const editing = other`update rosterd.users set city = 'Aylmer' where unique_id = '1'`.execute();
    await waitsForLock(db, 0);
    await gate.open();

    assert.deepEqual(countsOf(await importing), { records: 1, updated: 1 });
    await editing;

    const users = await db.users();
    assert.deepEqual([users["1"].city, users["1"].street], ["Aylmer", "Main"]);
  });
});

onServer("a permit sold during the import is released with its user's other permits", async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2" });
  await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('A', '1')`;
  const gate = await gateBefore(db, "insert on rosterd.import_changes");
  const importing = db.import("unique_id,login_source,active\n1,ldap,0\n2,ldap,1\n", { settings: archiving });
  await gate.reached();
  await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('B', '1'), ('C', '2')`;
  await gate.open();

  assert.deepEqual(countsOf(await importing), { records: 2, unchanged: 1, archived: 1, permits_released: 2 });

  const permits = await db.sql`select permit_no, status from rosterd.permits order by permit_no`;
  assert.deepEqual(permits.map(({ status }) => status), ["released", "released", "active"]);
});

onServer("a permit that another program moves to another user during the import stays with that user", async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2" });
  await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('A', '1'), ('B', '1')`;
  await withOther(db, async (other) => {
    const sale = transactionOf(other, async (tx) => {
      await tx`update rosterd.permits set unique_id = '2' where permit_no = 'A'`;
    });
    await sale.begun;
    const importing = db.import("unique_id,login_source,active\n1,ldap,0\n", { settings: archiving });
    await importYields(db);
    await sale.commit();

    assert.deepEqual(countsOf(await importing), { records: 1, archived: 1, permits_released: 1 });
    const permits = await db.sql`select permit_no, status from rosterd.permits order by permit_no`;
    assert.deepEqual(permits.map(({ status }) => status), ["active", "released"]);
  });
});
