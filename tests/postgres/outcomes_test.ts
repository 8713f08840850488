/** What an import does to a user (contract, section 3), without missing users, guard and undo. */
import assert from "node:assert/strict";
import { type Outcome, OUTCOMES } from "../../src/domain/outcome.ts";
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
  before: "unknown" | "active" | "disabled" | "archived";
  record: "absent" | "empty" | "0" | "1";
  archive_inactive_users: "on" | "off";
  after: "active" | "disabled" | "archived";
  outcome: Outcome;
  permits: "stay" | "released";
}

function rowsOf(table: string): Row[] {
  const [names, ...rows] = table.trim().split("\n").map((line) => line.trim().split(/\s+/));
  return rows.map((values) => Object.fromEntries(names.map((name, at) => [name, values[at]])) as unknown as Row);
}

/** Rows that one roster can show: with the same setting, and all with or all without the column. */
const GROUPS = Object.entries(
  Object.groupBy(
    rowsOf(TABLE),
    ({ record, archive_inactive_users }) =>
      `${record === "absent" ? "without" : "with"} a column active, archive_inactive_users ${archive_inactive_users}`,
  ),
) as [string, Row[]][];

/** The user of a row. */
const idOf = ({ before, record }: Row) => `${before} ${record}`;

onEachDatabase("a record does to a user what the contract's table says", async (db, t) => {
  for (const [name, rows] of GROUPS) {
    await t.step(`${name}, other values as they are`, () => importRows(db, rows, "Ottawa"));
    await t.step(`${name}, another value differs: it is applied in any case`, () => importRows(db, rows, "Hull"));
  }
});

async function importRows(db: RosterDatabase, rows: Row[], city: string): Promise<void> {
  await begin(db, rows);
  const before = await tracesOf(db);
  const settings = { archive_inactive_users: rows[0].archive_inactive_users === "on" };
  const roster = csvOf(rows.map((row) => ({
    unique_id: idOf(row),
    login_source: "ldap",
    city,
    ...(row.record === "absent" ? {} : { active: row.record === "empty" ? "" : row.record }),
  } as Record<string, string>)));
  const expected = (row: Row) => row.outcome === "unchanged" && city !== "Ottawa" ? "updated" : row.outcome;

  const foreseen = await db.check(roster, { settings });
  const report = await db.import(roster, { settings });

  assert.deepEqual(countsOf(report), expectedCounts(rows, expected));
  assert.deepEqual(countsOf(foreseen), countsOf(report), "check foresees it");
  assert.deepEqual(
    foreseen.changes.map(({ unique_id, outcome }) => [unique_id, outcome]),
    rows.filter((row) => expected(row) !== "unchanged").map((row) => [idOf(row), expected(row)]),
  );
  const users = await db.users(), after = await tracesOf(db);
  for (const row of rows) {
    const id = idOf(row), user = users[id];
    assert.equal(user.archived ? "archived" : user.active ? "active" : "disabled", row.after, id);
    assert.equal(user.city, city, id);
    if (expected(row) === "unchanged") assert.deepEqual(after[id], before[id], `${id}: not written at all`);
    else assert.notDeepEqual(after[id].updated_at, before[id]?.updated_at, `${id}: updated_at moves on`);
    if (row.before === row.after) assert.deepEqual(after[id].archived_at, before[id].archived_at, id);
    assert.deepEqual(await permitsOf(db, id), PERMITS[row.permits](report.id!), id);
  }
  assert.deepEqual(await permitsOf(db, "stranger"), ["1 active"]);
  assert.deepEqual(await permitsOf(db, null), ["1 active"]);
}

function expectedCounts(rows: Row[], expected: (row: Row) => Outcome): Record<string, number> {
  const counts: Record<string, number> = { records: rows.length };
  for (const row of rows) {
    counts[expected(row)] = (counts[expected(row)] ?? 0) + 1;
    if (row.permits === "released") counts.permits_released = (counts.permits_released ?? 0) + 2;
  }
  return counts;
}

/** Users, known or not, each with permits of all kinds; and permits of a stranger and of nobody. */
async function begin(db: RosterDatabase, rows: Row[]): Promise<void> {
  await db.clear();
  const known = rows.filter(({ before }) => before !== "unknown");
  await db.addUsers(...known.map((row) => ({ unique_id: idOf(row), city: "Ottawa", state: row.before })));
  await db.sql`
    insert into rosterd.permits (unique_id, permit_no, status, released_at)
    select unique_id, permit_no, status, case when status = 'released' then timestamptz '2025-05-05Z' end
    from unnest(${rows.map(idOf)}::text[]) as unique_id, (values ('1', 'active'), ('2', 'active'), ('3', 'expired'),
      ('4', 'void'), ('5', 'lost'), ('6', 'released')) as permits (permit_no, status)`;
  await db.sql`insert into rosterd.permits (unique_id, permit_no) values ('stranger', '1'), (null, '1')`;
}

/** What a row that was written shows. */
async function tracesOf(db: RosterDatabase): Promise<Record<string, Record<string, unknown>>> {
  const rows = await db.sql`select unique_id, xmin::text, updated_at, archived_at from rosterd.users`;
  return Object.fromEntries(rows.map(({ unique_id, ...trace }) => [unique_id, trace]));
}

async function permitsOf(db: RosterDatabase, id: string | null): Promise<string[]> {
  const rows = await db.sql`
    select concat_ws(' ', permit_no, status, extract(year from released_at), 'by ' || released_by_import) as permit
    from rosterd.permits where unique_id is not distinct from ${id} order by permit_no`;
  return rows.map(({ permit }) => permit);
}

const PERMITS = {
  stay: () => ["1 active", "2 active", "3 expired", "4 void", "5 lost", "6 released 2025"],
  released: (id: number) => {
    const now = `released ${new Date().getUTCFullYear()} by ${id}`;
    return [`1 ${now}`, `2 ${now}`, ...PERMITS.stay().slice(2)];
  },
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
