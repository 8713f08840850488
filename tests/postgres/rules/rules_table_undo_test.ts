/**
 * The values that an undo restores, those that it only lists, and the imports that cannot be undone
 * (docs/people.md#undo).
 */
import assert from "node:assert/strict";
import type { Settings } from "../../../src/domain/settings.ts";
import { approveHold, discardHold } from "../../../src/postgres/history/holds.ts";
import { undoImport } from "../../../src/postgres/history/undo.ts";
import { oneConnection, removeAll } from "../one_connection.ts";
import { countsOf, csvOf, onServer, type RosterDatabase } from "../roster_database.ts";
import { SINCE, SINCE_SETTINGS } from "./rules_table_since.ts";

const signal = new AbortController().signal;
const HOLDS = { max_percent: 0, min_users: 0 };

async function undo(db: Pick<RosterDatabase, "database">, id: number) {
  const { left_out, left_out_total, ...counts } = (await undoImport(db.database, id, signal, "admin"))!;
  assert.equal(left_out_total, left_out.length);
  const stayed = left_out.map(({ unique_id, reason }) => `${unique_id}: ${reason}`);
  const brief = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  return left_out.length === 0 ? brief : { ...brief, left_out: stayed };
}

async function userOne(db: RosterDatabase): Promise<string | null> {
  const user = (await db.users())["1"];
  if (user === undefined) return null;
  const [{ permits }] = await db.sql`
    select string_agg(permit_no, ' ' order by permit_no) as permits from rosterd.permits
    where unique_id = '1' and status = 'active'`;
  const state = user.archived ? "archived" : user.active ? "active" : "disabled";
  return [state, user.city, user.email, permits].map((value) => value ?? "-").join(" ");
}

onServer("undo restores values that have not changed since the import, and lists the others", async (db, t) => {
  await using one = oneConnection(db);
  for (const [name, { roster, happens = "", then, user }] of Object.entries(SINCE)) {
    await t.step(name, async () => {
      await removeAll(db);
      const values = (id: string) => ({ unique_id: id, city: "Ottawa", email: `${id}@x.org` });
      await db.addUsers(values("1"), values("2"), { unique_id: "3", state: "disabled" });
      await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', '1'), ('P2', '2')`;
      const settings = { ...SINCE_SETTINGS, archive_inactive_users: !roster.endsWith("#off") };
      const report = await db.import(roster.replace("#off", ""), { settings, store: one.store });
      assert.equal(report.failed, 0);
      await db.sql.unsafe(happens);

      assert.deepEqual(await undo(one, report.id!), then);
      assert.equal(await userOne(db), user);
      await assert.rejects(undo(one, report.id!), { name: "CannotDecide", code: "undone_already" });
    });
  }
});

onServer("undo restores every column, even to an empty value", async (db) => {
  const columns = (await db.sql<{ name: string; type: string }[]>`
    select attname as name, format_type(atttypid, null) as type from pg_attribute
    where attrelid = 'rosterd.users'::regclass and attnum > 0`)
    .filter(({ name }) => !/^(unique_id|active|archived_at|inactive_since|created_.*|updated_at|feeds)$/.test(name));
  assert.equal(columns.length, 23);
  const values = (id: string, at: number) =>
    Object.fromEntries(columns.map(({ name, type }) => {
      if (type === "date") return [name, `199${at}-12-31`];
      return [name, /prov|state/.test(name) ? ["ON", "QC"][at] : name === "email" ? `${id}${at}@x.org` : `${id}${at}`];
    }));
  await db.addUsers(
    { unique_id: "1", ...values("1", 0) },
    { unique_id: "2", login_source: "20" },
    { unique_id: "3", ...values("3", 0) },
  );
  const before = await db.users();
  const clear = Object.fromEntries(columns.map(({ name }) => [name, name === "login_source" ? "30" : "(clear)"]));
  const report = await db.import(csvOf([
    { unique_id: "1", ...values("1", 1) },
    { unique_id: "2", ...values("2", 1) },
    { unique_id: "3", ...clear },
  ] as Record<string, string>[]));
  assert.deepEqual([countsOf(report), report.failures], [{ records: 3, updated: 3 }, []]);

  assert.deepEqual(await undo(db, report.id!), { restored: 3 });

  assert.deepEqual(await db.users(), before);
});

const roster = (...lines: string[]) =>
  "unique_id,login_source,city,active\n" + lines.map((line) => `${line}\n`).join("");

onServer(
  "imports that changed users can be undone from last to first, and other imports cannot be undone",
  async (db) => {
    const settings: Partial<Settings> = { archive_inactive_users: true };
    await db.addUsers({ unique_id: "1", city: "Ottawa" }, { unique_id: "2", city: "Ottawa" }, { unique_id: "3" });
    const before = await db.users();
    const ids: number[] = [];
    const imported = async (text: string, archive_guard?: Settings["archive_guard"]) =>
      ids.push((await db.import(text, { settings: archive_guard ? { ...settings, archive_guard } : settings })).id!) -
      1;
    const refused = (at: number, code: string) =>
      assert.rejects(undo(db, ids[at]), { name: "CannotDecide", code }, `import ${at} is refused`);

    const first = await imported(roster("1,ldap,Hull,1"));
    const same = await imported(roster("1,ldap,Hull,1"));
    const held = await imported(roster("2,ldap,,0"), HOLDS);
    const failed = await imported(roster("3,,Hull,1"));
    const rejected = await imported("nothing\n");
    const last = await imported(roster("1,ldap,Aylmer,0", "4,ldap,,1"), { max_percent: 100, min_users: 0 });

    assert.equal(await undoImport(db.database, 999, signal, "admin"), null);
    for (const at of [first, same, held, failed, rejected]) await refused(at, "not_the_latest");
    // An approved hold counts as a change made by its import, at that import's position in the order.
    await approveHold(db.database, ids[held], signal, "admin");
    await refused(held, "not_the_latest");
    assert.deepEqual(await undo(db, ids[last]), { restored: 1, archived: 1 });
    await refused(last, "undone_already");
    for (const at of [failed, rejected]) await refused(at, "nothing_changed");
    await refused(first, "not_the_latest");
    assert.deepEqual(await undo(db, ids[held]), { restored: 1 });
    for (const at of [same, failed, rejected]) await refused(at, "nothing_changed");
    assert.deepEqual(await undo(db, ids[first]), { restored: 1 });

    const { 4: created, ...others } = await db.users();
    assert.deepEqual(others, before);
    assert.equal(created.archived, true);
    const statuses = await db.sql`select status, undone_at is not null as undone from rosterd.imports order by id`;
    assert.deepEqual(statuses.map(({ status, undone }) => `${status} ${undone}`), [
      "done true",
      "done false",
      "held true",
      "failed_records false",
      "rejected false",
      "done true",
    ]);
  },
);

onServer("an unfinished import, or one whose undo data was cleared, cannot be undone", async (db) => {
  await db.addUsers({ unique_id: "1" });
  const { id } = await db.import(roster("1,ldap,Hull,1"));
  for (const status of ["running", "error"]) {
    await db.sql`update rosterd.imports set status = ${status} where id = ${id}`;
    await assert.rejects(undo(db, id!), { name: "CannotDecide", code: "not_finished" });
  }
  await db.sql`update rosterd.imports set status = 'done', cleared_at = now()`;
  await assert.rejects(undo(db, id!), { name: "CannotDecide", code: "undo_cleared" });
  assert.equal((await db.users())["1"].city, "Hull");
});

onServer("undo discards the import's hold, which then no longer holds later losses", async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2" });
  const { id } = await db.import(roster("1,ldap,Hull,0"), { settings: { archive_guard: HOLDS } });

  assert.deepEqual(await undo(db, id!), { restored: 1 });

  await assert.rejects(approveHold(db.database, id!, signal, "admin"), { code: "hold_is_over" });
  await assert.rejects(discardHold(db.database, id!, signal, "admin"), { code: "hold_is_over" });
  assert.equal((await db.users())["1"].active, true);
  const later = await db.import(roster("2,ldap,,0"));
  assert.deepEqual(countsOf(later), { records: 1, updated: 1 });
});

onServer("undone losses of the last 24 hours no longer count", async (db) => {
  await db.addUsers(...["1", "2", "3", "4"].map((unique_id) => ({ unique_id })));
  const settings = { archive_guard: { max_percent: 0, min_users: 2 } };
  const first = await db.import(roster("1,ldap,,0", "2,ldap,,0"), { settings });
  assert.equal(first.updated, 2);
  await undo(db, first.id!);
  const second = await db.import(roster("3,ldap,,0", "4,ldap,,0"), { settings });
  assert.equal(second.updated, 2);
  const third = await db.import(roster("1,ldap,,0"), { settings });
  assert.deepEqual(countsOf(third), { records: 1, held: 1 });
});

onServer("a user who lost access several times in the last 24 hours counts once", async (db) => {
  await db.addUsers(...["1", "2", "3"].map((unique_id) => ({ unique_id })));
  const settings = { archive_guard: { max_percent: 0, min_users: 2 } };
  for (const active of [0, 1, 0, 1]) await db.import(roster(`1,ldap,,${active}`), { settings });
  const second = await db.import(roster("2,ldap,,0"), { settings });
  assert.deepEqual(countsOf(second), { records: 1, updated: 1 });
  const first = await db.import(roster("1,ldap,,0"), { settings });
  assert.deepEqual(countsOf(first), { records: 1, updated: 1 });
  const third = await db.import(roster("3,ldap,,0"), { settings });
  assert.deepEqual(countsOf(third), { records: 1, held: 1 });
});

onServer("permits that an earlier import released stay released", async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2" });
  await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', '1'), ('P2', '2')`;
  await db.import(roster("1,ldap,,0"), { settings: SINCE_SETTINGS });
  const { id } = await db.import(roster("2,ldap,,0"), { settings: SINCE_SETTINGS });
  assert.deepEqual(await undo(db, id!), { restored: 1, permits_restored: 1 });
  const permits = await db.sql`select permit_no from rosterd.permits where status = 'active'`;
  assert.deepEqual(permits.map(({ permit_no }) => permit_no), ["P2"]);
});

onServer(
  "of several permits with the same number, one is restored; all permits without a number are restored",
  async (db) => {
    await db.addUsers({ unique_id: "1" });
    await db.sql`
    insert into rosterd.permits (permit_no, unique_id) values ('P', '1'), ('P', '1'), (null, '1'), (null, '1')`;
    const { id, permits_released } = await db.import(roster("1,ldap,,0"), { settings: SINCE_SETTINGS });
    assert.equal(permits_released, 4);
    assert.deepEqual(await undo(db, id!), {
      restored: 1,
      permits_restored: 3,
      left_out: ['1: permit "P" stays released: another active permit has its number'],
    });
  },
);

onServer("an undo calls a replaced restore_permits once and reports its result", async (db) => {
  await db.addUsers({ unique_id: "1" });
  await db.sql.unsafe(`
    create table calls (what text, user_ids text[], import_id bigint);
    create or replace function rosterd.release_permits(user_ids text[], import_id bigint) returns bigint
    language plpgsql as $$ begin insert into calls values ('release', user_ids, import_id); return 42; end $$;
    create or replace function rosterd.restore_permits(import_id bigint) returns bigint
    language plpgsql as $$ begin insert into calls values ('restore', null, import_id); return 41; end $$`);
  const { id } = await db.import(roster("1,ldap,,0", "new,ldap,,1"), { settings: SINCE_SETTINGS });
  await db.sql`delete from calls`;

  const answer = await undo(db, id!);

  assert.deepEqual(answer, { restored: 1, archived: 1, permits_restored: 41, permits_released: 42 });
  assert.deepEqual([...await db.sql`select * from calls`], [
    { what: "restore", user_ids: null, import_id: id },
    { what: "release", user_ids: ["new"], import_id: id },
  ]);
});
