/**
 * The grace period between losing access and being archived (docs/people.md#grace-period). See also
 * rules/rules_grace.ts.
 */
import assert from "node:assert/strict";
import { DEFAULT_SETTINGS, type Settings } from "../../src/domain/settings.ts";
import { emptyScan } from "../../src/importer/inbox_port.ts";
import { readTotals } from "../../src/postgres/history/history.ts";
import { feedStatus } from "../../src/service/feed_status.ts";
import { until } from "../support/until.ts";
import { countsOf, onServer, type RosterDatabase } from "./roster_database.ts";

const SETTINGS: Partial<Settings> = {
  archive_inactive_users: true,
  release_permits_after_days: 30,
  archive_guard: { max_percent: 100, min_users: 0 },
};

const OTHERS = Array.from({ length: 300 }, (_, at) => `other${at},ldap,${"Ottawa".repeat(8)},1\n`).join("");

const roster = (...lines: string[]) =>
  "unique_id,login_source,city,active\n" + OTHERS + lines.map((line) => `${line}\n`).join("");

/** Moves the start of the waiting period back, as if time had passed. */
async function age(db: RosterDatabase, interval: string): Promise<void> {
  await db.sql`update rosterd.users set inactive_since = inactive_since - ${interval}::interval
    where inactive_since is not null`;
}

async function stateOf({ sql }: RosterDatabase, id: string): Promise<string> {
  const [{ state }] = await sql`
    select concat_ws(' ', case when archived_at is not null then 'archived' when active then 'active' else 'disabled' end,
      case when inactive_since is not null then 'waiting' end,
      (select string_agg(status, ' ') from rosterd.permits where permits.unique_id = u.unique_id)) as state
    from rosterd.users as u where unique_id = ${id}`;
  return state;
}

const codes = ({ warnings }: { warnings: { code: string; text: string }[] }) =>
  warnings.filter(({ code }) => code.startsWith("grace")).map(({ code, text }) => `${code}: ${text}`);

onServer(
  "a user whose record never changes is archived by the first file after the grace period",
  async (db) => {
    const nightly = roster("1,ldap,Hull,0", "2,ldap,Hull,0");
    await db.import(roster("1,ldap,Hull,1", "2,ldap,Hull,1"), { settings: SETTINGS });
    await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', '1'), ('P2', '2')`;
    const first = await db.import(nightly, { settings: SETTINGS });
    assert.deepEqual(countsOf(first), { records: 302, updated: 2, unchanged: 300 });
    assert.deepEqual(codes(first), [
      "grace_begun: 2 users are disabled; the first file after 30 days will archive them and release their permits, " +
      "unless a roster lists them as active before then (release_permits_after_days)",
    ]);
    assert.equal(await stateOf(db, "1"), "disabled waiting active");
    await age(db, "30 days -10 s");
    // Adds the new row versions to the unchanged-record cache.
    assert.deepEqual(countsOf(await db.import(nightly, { settings: SETTINGS })), { records: 302, unchanged: 302 });
    await until("the grace period is over", async () => {
      const [{ due }] = await db.sql`
      select bool_and(inactive_since <= now() - interval '30 days') as due from rosterd.users where inactive_since is not null`;
      return due;
    });

    const last = await db.import(nightly, { settings: SETTINGS });

    assert.deepEqual(countsOf(last), { records: 302, unchanged: 302, permits_released: 2, missing_archived: 2 });
    assert.deepEqual(codes(last), ["grace_over: 2 users are archived, because they have been inactive for 30 days"]);
    assert.equal(await stateOf(db, "1"), "archived released");
    assert.deepEqual(countsOf(await db.import(nightly, { settings: SETTINGS })), { records: 302, unchanged: 302 });
  },
);

onServer("a user who returns during the grace period keeps the permits, even if they were missing", async (db) => {
  const settings = { ...SETTINGS, missing_users: "archive" as const };
  const all = "unique_id,login_source\n1,ldap\n2,ldap\n", less = "unique_id,login_source\n2,ldap\n";
  await db.import(all, { settings });
  await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', '1')`;
  assert.deepEqual(countsOf(await db.import(less, { settings })), { records: 1, unchanged: 1, missing_archived: 1 });
  assert.equal(await stateOf(db, "1"), "disabled waiting active");
  assert.deepEqual(countsOf(await db.import(less, { settings })), { records: 1, unchanged: 1 });
  assert.deepEqual(countsOf(await db.import(all, { settings })), { records: 2, updated: 1, unchanged: 1 });
  assert.equal(await stateOf(db, "1"), "active active");
  await db.import(less, { settings });
  await age(db, "31 days");
  const last = await db.import(less, { settings });
  assert.deepEqual(countsOf(last), { records: 1, unchanged: 1, missing_archived: 1, permits_released: 1 });
  assert.equal(await stateOf(db, "1"), "archived released");
});

onServer(
  "a user whom another feed lists as active keeps the permits, and each feed has its own grace period",
  async (db) => {
    const settings = { ...SETTINGS, feeds: { students: {}, staff: {} } };
    const one = (active: number) => `unique_id,login_source,active\n1,ldap,${active}\n`;
    await db.import(one(1), { settings, feed: "students" });
    await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', '1')`;
    await db.import(one(0), { settings, feed: "students" });
    await age(db, "31 days");
    await db.import(one(1), { settings, feed: "staff" });
    assert.equal(await stateOf(db, "1"), "active active");
    await db.import(one(0), { settings, feed: "students" });
    assert.equal(await stateOf(db, "1"), "active active");
    await db.import(one(0), { settings, feed: "staff" });
    await age(db, "10 days");
    await db.import(one(0), { settings: { ...settings, release_permits_after_days: 11 }, feed: "students" });
    assert.equal(await stateOf(db, "1"), "disabled waiting active");
    await db.import(one(0), { settings: { ...settings, release_permits_after_days: 9 }, feed: "students" });
    assert.equal(await stateOf(db, "1"), "archived released");
  },
);

onServer("a trial and a check list a user only once if the same file changes and archives the user", async (db) => {
  await db.addUsers({ unique_id: "1", city: "Hull", feeds: { "": false }, state: "disabled" });
  await db.sql`update rosterd.users set inactive_since = now() - interval '31 days'`;
  const text = "unique_id,login_source,city,active\n1,ldap,Ottawa,0\n";
  const { changes } = await db.check(text, { settings: SETTINGS });
  assert.deepEqual(changes, [{ unique_id: "1", outcome: "archived", columns: { city: ["Hull", "Ottawa"] } }]);
  const trial = await db.import(text, { settings: { ...SETTINGS, apply: false } });
  assert.deepEqual(countsOf(trial), { records: 1, updated: 1, missing_archived: 1 });
  const report = await db.import(text, { settings: SETTINGS });
  assert.deepEqual(countsOf(report), { records: 1, updated: 1, missing_archived: 1 });
  const [{ changed }] = await db.sql`
    select array(select jsonb_object_keys(changes) order by 1) as changed from rosterd.import_changes where import_id = ${report.id}`;
  assert.deepEqual(changed, ["archived_at", "city", "inactive_since"]);
});

onServer(
  "the status lists the users who wait and their dates, and counts the users whom the next file archives",
  async (db) => {
    await db.import("unique_id,login_source,active\n1,ldap,1\n2,ldap,1\n", { settings: SETTINGS });
    await db.import("unique_id,login_source,active\n1,ldap,0\n", { settings: SETTINGS });
    await age(db, "31 days");
    await db.import("unique_id,login_source,active\n2,ldap,0\n", {
      settings: { ...SETTINGS, release_permits_after_days: 60 },
    });
    const state = { feed: "", unavailableReason: null, scan: emptyScan(), postponed: [], bak: null, notPacked: null };
    const totals = await readTotals(db.sql), settings = { ...DEFAULT_SETTINGS, ...SETTINGS };
    const { waiting, due, next_at, users } = feedStatus(state, settings, totals, new Date()).grace!;
    assert.deepEqual([waiting, due, users.map(({ unique_id }) => unique_id)], [2, 1, ["1", "2"]]);
    assert.equal(next_at, users[0].archived_after);
    assert.ok(Date.parse(next_at) < Date.now() && Date.parse(users[1].archived_after) > Date.now());
  },
);
