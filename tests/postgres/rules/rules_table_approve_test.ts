/** An approval changes held users but leaves some out, with a reason (docs/people.md#approve). */
import assert from "node:assert/strict";
import type { Settings } from "../../../src/domain/settings.ts";
import { approveHold, discardHold, listHeld } from "../../../src/postgres/history/holds.ts";
import { undoImport } from "../../../src/postgres/history/undo.ts";
import { oneConnection, removeAll } from "../one_connection.ts";
import { countsOf, onServer, type RosterDatabase } from "../roster_database.ts";
import { archiving, disabling, HEADER, HELD, MEANWHILE } from "./rules_table_meanwhile.ts";

const signal = new AbortController().signal;

async function stateOf(db: RosterDatabase, id: string): Promise<string> {
  const user = (await db.users())[id];
  return user === undefined ? "unknown" : user.archived ? "archived" : user.active ? "active" : "disabled";
}

async function addPermit(db: RosterDatabase, id: string, permit_no = `P${id}`): Promise<void> {
  await db.sql`insert into rosterd.permits (unique_id, permit_no) values (${id}, ${permit_no})`;
}

async function approve(db: RosterDatabase, id: number) {
  const { left_out, left_out_total, ...counts } = (await approveHold(db.database, id, signal, "admin"))!;
  assert.equal(left_out_total, left_out.length);
  const brief = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  return { ...brief, ...Object.fromEntries(left_out.map(({ unique_id, reason }) => [unique_id, reason])) };
}

onServer("an approval changes the held users, except those whose state has changed since", async (db, t) => {
  await using one = oneConnection(db);
  const { store } = one;
  for (const [name, { held, happens, then, state }] of Object.entries(MEANWHILE)) {
    await t.step(`${held}, meanwhile ${name}`, async () => {
      await removeAll(db);
      await db.addUsers({ unique_id: "1" }, { unique_id: "2", email: "2@x.org" });
      await addPermit(db, "1");
      const { roster, settings } = HELD[held];
      const report = await db.import(roster, { settings, store });
      assert.equal(report.held + report.missing_held, 1);
      let other = 0;
      if (typeof happens === "string") await db.sql.unsafe(happens);
      else other = (await db.import(happens.roster, { ...happens, store })).id!;

      const answer = await approve(db, report.id!);

      const told = JSON.parse(JSON.stringify(then).replace("import N", `import ${other}`));
      assert.deepEqual(answer, told);
      assert.equal(await stateOf(db, "1"), state);
      assert.equal(await stateOf(db, "2"), "active");
      await assert.rejects(approve(db, report.id!), { code: "hold_is_over" });
    });
  }
});

onServer("a record of an undone import no longer counts", async (db) => {
  await db.addUsers({ unique_id: "1" });
  const { id } = await db.import(`${HEADER}1,ldap,,0\n`, { settings: archiving });
  const undone = await db.import(`${HEADER}1,ldap,Hull,1\n`, { settings: archiving });
  await undoImport(db.database, undone.id!, signal, "admin");

  assert.deepEqual(await approve(db, id!), { archived: 1 });
});

onServer("if two later imports keep a user and one is undone, the other one still counts", async (db, t) => {
  const changing = `${HEADER}1,ldap,Hull,1\n`, still = `${HEADER}1,ldap,,1\n`;
  for (const [which, rosters] of Object.entries({ first: [still, changing], second: [changing, still] })) {
    await t.step(`the ${which}`, async () => {
      await removeAll(db);
      await db.addUsers({ unique_id: "1" });
      const { id } = await db.import(`${HEADER}1,ldap,,0\n`, { settings: archiving });
      const ids: Record<string, number> = {};
      for (const roster of rosters) ids[roster] = (await db.import(roster, { settings: archiving })).id!;
      await undoImport(db.database, ids[changing], signal, "admin");

      assert.deepEqual(await approve(db, id!), {
        1: `a later roster says otherwise (import ${ids[still]}, "roster.csv")`,
      });
    });
  }
});

onServer("an approval releases the current permits, except the permits of users it leaves out", async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2" }, { unique_id: "3" });
  await addPermit(db, "1");
  await addPermit(db, "2");
  const { id } = await db.import(`${HEADER}1,ldap,,0\n2,ldap,,0\n3,ldap,,1\n`, { settings: archiving });
  await db.import(`${HEADER}2,ldap,,1\n`, { settings: archiving });
  await addPermit(db, "1", "later");
  assert.deepEqual((await listHeld(db.database.sql, id!, { limit: 9 }))!.held.map(({ permits }) => permits), [2, 1]);

  const answer = await approveHold(db.database, id!, signal, "admin");

  assert.deepEqual([answer!.archived, answer!.permits_released, answer!.left_out_total], [1, 2, 1]);
  const permits = await db.sql`select permit_no, status, released_by_import from rosterd.permits order by 1`;
  assert.deepEqual(permits.map((permit) => Object.values(permit)), [
    ["P1", "released", id],
    ["P2", "active", null],
    ["later", "released", id],
  ]);
});

onServer(
  "an approval calls a replaced release_permits once, with all archived users",
  async (db) => {
    await db.addUsers({ unique_id: "1" }, { unique_id: "2" }, { unique_id: "3" }, { unique_id: "4" });
    await db.sql.unsafe(`
    create table calls (user_ids text[], import_id bigint);
    create or replace function rosterd.release_permits(user_ids text[], import_id bigint) returns bigint
    language plpgsql as $$ begin insert into calls values (user_ids, import_id); return 42; end $$`);
    const roster = `${HEADER}3,ldap,,0\n1,ldap,,0\n4,ldap,,1\n`;
    const { id } = await db.import(roster, { settings: { ...archiving, missing_users: "archive" } });
    const off = await db.import(`${HEADER}4,ldap,,0\n`, { settings: disabling });
    assert.deepEqual([...await db.sql`select * from calls`], []);

    assert.deepEqual(await approve(db, id!), { archived: 3, permits_released: 42 });
    assert.deepEqual(await approve(db, off.id!), { disabled: 1 });

    assert.deepEqual([...await db.sql`select * from calls`], [{ user_ids: ["1", "2", "3"], import_id: id }]);
  },
);

onServer("a failing release_permits keeps all users on hold", async (db) => {
  await db.addUsers({ unique_id: "1" });
  await db.sql.unsafe(`
    create or replace function rosterd.release_permits(user_ids text[], import_id bigint) returns bigint
    language plpgsql as $$ begin raise exception 'away' using errcode = 'PR001'; end $$`);
  const { id } = await db.import(`${HEADER}1,ldap,,0\n`, { settings: archiving });
  await assert.rejects(approve(db, id!), { code: "PR001" });
  assert.equal(await stateOf(db, "1"), "active");
  assert.equal((await discardHold(db.database, id!, signal, "admin"))!.discarded, 1);
});

onServer("an impossible approval or discard is refused with a reason", async (db) => {
  await db.addUsers({ unique_id: "1" });
  assert.equal(await approveHold(db.database, 999, signal, "admin"), null);
  assert.equal(await discardHold(db.database, 999, signal, "admin"), null);
  const refused = async (id: number, code: string) => {
    await assert.rejects(approveHold(db.database, id, signal, "admin"), { name: "CannotDecide", code });
    await assert.rejects(discardHold(db.database, id, signal, "admin"), { name: "CannotDecide", code });
  };
  const rejected = await db.import("nothing\n");
  await refused(rejected.id!, "nothing_held");
  const done = await db.import(`${HEADER}1,ldap,Hull,1\n`);
  await refused(done.id!, "nothing_held");
  const discarded = await db.import(`${HEADER}1,ldap,,0\n`, { settings: archiving });
  await discardHold(db.database, discarded.id!, signal, "admin");
  await refused(discarded.id!, "hold_is_over");
  const undone = await db.import(`${HEADER}1,ldap,Ottawa,0\n`, { settings: archiving });
  await undoImport(db.database, undone.id!, signal, "admin");
  await refused(undone.id!, "hold_is_over");
  assert.equal(await stateOf(db, "1"), "active");
});

onServer("approved losses count as losses of the last 24 hours, but discarded losses do not", async (db) => {
  await db.addUsers(...Array.from({ length: 10 }, (_, at) => ({ unique_id: `${at}` })));
  const few = { archive_guard: { max_percent: 0, min_users: 2 } };
  const lose = async (ids: number[], settings: Partial<Settings> = few) => {
    const report = await db.import(HEADER + ids.map((id) => `${id},ldap,,0\n`).join(""), { settings });
    return { id: report.id!, ...countsOf(report) };
  };
  const discarded = await lose([0, 1, 2]);
  await discardHold(db.database, discarded.id, signal, "admin");
  const { id, ...passed } = await lose([0]);
  assert.deepEqual(passed, { records: 1, updated: 1 });
  const held = await lose([1], disabling);
  assert.deepEqual(await approve(db, held.id), { disabled: 1 });

  const third = await lose([2]);
  assert.deepEqual(third, { id: third.id, records: 1, held: 1 });
  await discardHold(db.database, third.id, signal, "admin");
  await db.sql`update rosterd.import_changes set changed_at = changed_at - interval '25 hours' where import_id = ${id}`;
  const fourth = await lose([2]);
  assert.deepEqual(fourth, { id: fourth.id, records: 1, updated: 1 });
});

onServer(
  "a held user whose other values were applied counts as a loss only after the approval",
  async (db) => {
    await db.addUsers(...Array.from({ length: 10 }, (_, at) => ({ unique_id: `${at}` })));
    const held = async (id: number) => (await db.import(`${HEADER}${id},ldap,Hull,0\n`, { settings: disabling })).id!;
    const lose = async (id: number) => {
      const settings = { archive_guard: { max_percent: 0, min_users: 1 } };
      return countsOf(await db.import(`${HEADER}${id},ldap,,0\n`, { settings }));
    };
    await discardHold(db.database, await held(0), signal, "admin");
    assert.deepEqual(await lose(1), { records: 1, updated: 1 });
    const later = await held(2);
    await db.sql`update rosterd.import_changes set changed_at = changed_at - interval '25 hours'`;
    assert.deepEqual(await approve(db, later), { disabled: 1 });
    assert.deepEqual(await lose(3), { records: 1, held: 1 });
  },
);
