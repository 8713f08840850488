/** The service creates the index for searches by last name (`src/postgres/search_index.ts`). */
import assert from "node:assert/strict";
import { Leadership } from "../../src/postgres/leadership.ts";
import { findUsers } from "../../src/postgres/history/users.ts";
import { ensureSearchIndex } from "../../src/postgres/search_index.ts";
import { withTimeout } from "../../src/runtime/with_timeout.ts";
import { onServer, type RosterDatabase } from "./roster_database.ts";

async function addMany({ sql }: RosterDatabase): Promise<void> {
  await sql`
    insert into rosterd.users (unique_id, login_source, last_name, street)
    select 'u' || n, 'ldap', case n % 3 when 0 then 'Ro' when 1 then 'ro' else 'RO' end || n % 100, repeat('x', 200)
    from generate_series(1, 35000) as n`;
}

/** Returns the unique_ids of the users on all pages. */
async function allFound({ sql }: RosterDatabase, q: string): Promise<string[]> {
  const ids: string[] = [];
  for (let after = null as Parameters<typeof findUsers>[1]["after"];;) {
    const { users, next } = await findUsers(sql, { q, limit: 200, after });
    ids.push(...users.map(({ unique_id }) => unique_id));
    if (next === null) return ids;
    after = JSON.parse(atob(next.replaceAll("-", "+").replaceAll("_", "/")));
  }
}

onServer(
  "the index is created once there are many users, even after an interruption, and finds the same users",
  async (db) => {
    const { sql } = db;
    await db.addUsers({ unique_id: "1", last_name: "Roy" });
    assert.equal(await ensureSearchIndex(sql), false, "a small table gets no index");
    await addMany(db);
    const before = await allFound(db, "RO42");
    assert.equal(before.length, 350);
    assert.equal(await ensureSearchIndex(sql), true);
    assert.equal(await ensureSearchIndex(sql), false);
    assert.deepEqual(await allFound(db, "RO42"), before);
    const plan = await sql`
    explain select from rosterd.users where lower(last_name collate "C") between 'ro4' and 'ro5'
    order by lower(last_name collate "C"), unique_id limit 50`;
    assert.match(JSON.stringify(plan), /users_last_name_idx/);

    await sql`update pg_index set indisvalid = false where indexrelid = 'rosterd.users_last_name_idx'::regclass`;
    assert.equal(await ensureSearchIndex(sql), true);
    const [{ valid }] = await sql`
    select indisvalid as valid from pg_index where indexrelid = 'rosterd.users_last_name_idx'::regclass`;
    assert.equal(valid, true);
  },
);

onServer("the leader, whose transaction never ends, does not delay the index", async (db) => {
  await addMany(db);
  const leadership = new Leadership(db.database);
  assert.equal(await leadership.seek(), true);
  try {
    // Any other transaction makes the snapshots from before an older one.
    await db.addUsers({ unique_id: "1", last_name: "Roy" });
    assert.equal(await withTimeout(20_000, ensureSearchIndex(db.sql)), true);
  } finally {
    await leadership.resign();
  }
});

onServer("a role that does not own the table does not create the index", async (db) => {
  await addMany(db);
  const role = `guest_${crypto.randomUUID().slice(0, 8)}`;
  await db.sql.unsafe(`create role ${role}; grant usage on schema rosterd to ${role}`);
  try {
    await db.sql.begin(async (tx) => {
      await tx.unsafe(`set local role ${role}`);
      assert.equal(await ensureSearchIndex(tx as never), false);
    });
  } finally {
    await db.sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  }
});
