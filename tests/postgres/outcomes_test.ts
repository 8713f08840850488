/** What an import does to a user (contract, section 3), without missing users, guard and undo. */
import assert from "node:assert/strict";
import { OUTCOMES } from "../../src/domain/outcome.ts";
import { countsOf, csvOf, onEachDatabase, onServer, type RosterDatabase } from "./roster_database.ts";

/** `record`: its value of `active`; absent: the file has no such column. `permits`: what becomes of the active ones. */
const TABLE = `
  before    record  archive_inactive_users  after     outcome      permits
  unknown   absent  off                     active    created      stay
  unknown   empty   off                     active    created      stay
  unknown   1       off                     active    created      stay
  unknown   0       off                     disabled  created      stay
  unknown   absent  on                      active    created      stay
  unknown   empty   on                      active    created      stay
  unknown   1       on                      active    created      stay
  unknown   0       on                      archived  created      released
  active    absent  off                     active    unchanged    stay
  active    empty   off                     active    unchanged    stay
  active    1       off                     active    unchanged    stay
  active    0       off                     disabled  updated      stay
  active    absent  on                      active    unchanged    stay
  active    empty   on                      active    unchanged    stay
  active    1       on                      active    unchanged    stay
  active    0       on                      archived  archived     released
  disabled  absent  off                     disabled  unchanged    stay
  disabled  empty   off                     disabled  unchanged    stay
  disabled  1       off                     active    updated      stay
  disabled  0       off                     disabled  unchanged    stay
  disabled  absent  on                      disabled  unchanged    stay
  disabled  empty   on                      disabled  unchanged    stay
  disabled  1       on                      active    updated      stay
  disabled  0       on                      archived  archived     released
  archived  absent  off                     archived  unchanged    stay
  archived  empty   off                     archived  unchanged    stay
  archived  1       off                     active    reactivated  stay
  archived  0       off                     archived  unchanged    stay
  archived  absent  on                      archived  unchanged    stay
  archived  empty   on                      archived  unchanged    stay
  archived  1       on                      active    reactivated  stay
  archived  0       on                      archived  unchanged    stay
`;

interface Row {
  before: string;
  record: string;
  archive_inactive_users: string;
  after: string;
  outcome: string;
  permits: string;
}

function rowsOf(table: string): Row[] {
  const [names, ...rows] = table.trim().split("\n").map((line) => line.trim().split(/\s+/));
  return rows.map((values) => Object.fromEntries(names.map((name, at) => [name, values[at]])) as unknown as Row);
}

onEachDatabase("a record does to a user what the contract's table says", async (db, t) => {
  await db.addUsers({ unique_id: "somebody" });
  for (const row of rowsOf(TABLE)) {
    const { before, record, archive_inactive_users } = row;
    await t.step(`${before}, active ${record}, archive_inactive_users ${archive_inactive_users}`, async () => {
      await sameCity(db, row);
      await otherCity(db, row);
    });
  }
});

/** The record says nothing but `active`. */
async function sameCity(db: RosterDatabase, row: Row): Promise<void> {
  const id = await begin(db, row);
  const [before] = await db.sql`select xmin::text, updated_at, archived_at from rosterd.users where unique_id = ${id}`;

  await importOne(db, id, row, "Ottawa", row.outcome);

  const [after] = await db.sql`select xmin::text, updated_at, archived_at from rosterd.users where unique_id = ${id}`;
  if (row.outcome === "unchanged") assert.deepEqual(after, before, "the row of an unchanged user is not written");
  else if (before !== undefined) assert.ok(after.updated_at > before.updated_at, "updated_at moves on");
  if (row.before === "archived" && row.after === "archived") assert.deepEqual(after.archived_at, before.archived_at);
}

/** Another value of the record differs too: it is applied in any case. */
async function otherCity(db: RosterDatabase, row: Row): Promise<void> {
  const id = await begin(db, row);
  await importOne(db, id, row, "Hull", row.outcome === "unchanged" ? "updated" : row.outcome);
}

/** A user, known or not, with permits of all kinds. */
async function begin(db: RosterDatabase, { before }: Row): Promise<string> {
  const id = crypto.randomUUID();
  if (before !== "unknown") await db.addUsers({ unique_id: id, city: "Ottawa", state: before });
  await db.sql`delete from rosterd.permits`;
  await db.sql`
    insert into rosterd.permits (permit_no, unique_id, status, released_at) values
      ('1', ${id}, 'active', null), ('2', ${id}, 'active', null), ('3', ${id}, 'expired', null),
      ('4', ${id}, 'void', null), ('5', ${id}, 'lost', null), ('6', ${id}, 'released', '2025-05-05Z'),
      ('7', 'somebody', 'active', null), ('8', null, 'active', null), ('9', 'stranger', 'active', null)`;
  return id;
}

async function importOne(db: RosterDatabase, id: string, row: Row, city: string, outcome: string): Promise<void> {
  const settings = { archive_inactive_users: row.archive_inactive_users === "on" };
  const active: Record<string, string> = row.record === "absent"
    ? {}
    : { active: row.record === "empty" ? "" : row.record };
  const roster = csvOf([{ unique_id: id, login_source: "ldap", city, ...active }]);
  const foreseen = await db.check(roster, { settings });

  const report = await db.import(roster, { settings });

  const released = row.permits === "released" ? 2 : 0;
  assert.deepEqual(countsOf(report), { records: 1, [outcome]: 1, ...(released && { permits_released: released }) });
  assert.equal(report.status, "done");
  assert.deepEqual(countsOf(foreseen), countsOf(report), "check foresees it");
  assert.deepEqual(foreseen.changes.map((change) => change.outcome), outcome === "unchanged" ? [] : [outcome]);
  const user = (await db.users())[id];
  assert.equal(user.archived ? "archived" : user.active ? "active" : "disabled", row.after);
  assert.equal(user.city, city);
  assert.deepEqual(await permits(db), released ? PERMITS_RELEASED(report.id!) : PERMITS);
}

async function permits(db: RosterDatabase): Promise<string[]> {
  const rows = await db.sql`
    select concat_ws(' ', permit_no, status, extract(year from released_at), 'by ' || released_by_import) as permit
    from rosterd.permits order by permit_no`;
  return rows.map(({ permit }) => permit);
}

const OTHERS = ["7 active", "8 active", "9 active"];
const PERMITS = ["1 active", "2 active", "3 expired", "4 void", "5 lost", "6 released 2025", ...OTHERS];
const PERMITS_RELEASED = (id: number) => {
  const year = new Date().getUTCFullYear();
  return [`1 released ${year} by ${id}`, `2 released ${year} by ${id}`, ...PERMITS.slice(2)];
};

onEachDatabase("records of one roster end as different outcomes, and these add up", async (db) => {
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
  assert.deepEqual(countsOf({ ...entry, bytes: 0 }), countsOf(report), "the history tells the same");
  assert.equal(entry.status, "failed_records");
});

onServer("only the columns that differ change, and only the rows that have one", async (db) => {
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
